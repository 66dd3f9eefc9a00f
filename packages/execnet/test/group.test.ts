import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type Channel, ConnectError, type Gateway, Group, type RemoteError, SpecError } from 'execnet';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { remoteEnds, specOf } from './fixtures/interpreters.ts';
import { childrenOf } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** Every interpreter as a spec. */
const specs = remoteEnds.map((interpreter) => specOf(interpreter));

test('a group makes gateways on every interpreter together, in the order of their specs', async () => {
  await using group = new Group();
  const gateways = await group.makeGateways(specs);
  assert.is(group.size, specs.length);
  assert.equal(
    gateways.map(({ id }) => id),
    specs.map((_, index) => `gw${index}`),
  );
  const runtimes = await Promise.all(gateways.map(async (gateway) => (await gateway.remoteInfo()).runtime));
  assert.equal(
    runtimes,
    remoteEnds.map(({ kind }) => kind),
  );
  await group.terminate();
  assert.is(group.size, 0);
  for (const gateway of gateways) assert.is(gateway.hasReceiver, false);
});

test('gateways are in the order in which they were asked for, whichever is there first', async () => {
  await using group = new Group();
  const { kind, path } = runningInterpreter();
  const slow = { popen: true, [kind]: `sh -c 'sleep 0.5; exec "$0" "$@"' ${path}` };
  const made = await group.makeGateways([slow, '2*popen', { ...slow, id: 'late' }, 'popen']);
  const later = [group.makeGateway(slow), group.makeGateway()];
  made.push(...(await Promise.all(later)));
  const ids = ['gw0', 'gw1', 'gw2', 'late', 'gw3', 'gw4', 'gw5'];
  assert.equal(
    made.map(({ id }) => id),
    ids,
  );
  assert.equal(
    [...group].map(({ id }) => id),
    ids,
  );
  assert.is(group.get(0), made[0]);
  assert.is(String(group), `<Group [${ids.map((id) => `'${id}'`).join(', ')}]>`);
  const channels = group.remoteExec(async (channel: Channel<never, number>) => channel.send(process.pid));
  assert.equal(
    await channels.receiveEach(),
    made.map(({ peer }) => peer.pid),
  );
});

test("'3*popen' makes three, beside others", async () => {
  await using group = new Group();
  const gateways = await group.makeGateways(['3*popen', 'popen//id=another', { popen: true, id: 'typed' }]);
  assert.equal(
    gateways.map(({ id }) => id),
    ['gw0', 'gw1', 'gw2', 'another', 'typed'],
  );
  assert.is(new Set(await Promise.all(gateways.map((gateway) => gateway.call(() => process.pid)))).size, 5);
  assert.is((await group.makeGateways('2*popen')).length, 2);
  assert.is(group.size, 7);
});

test('a group is indexed, searched and iterated over', async () => {
  await using group = new Group();
  const first = await group.makeGateway('popen//id=first');
  const second = await group.makeGateway('popen//id=second');
  assert.is(group.get('first'), first);
  assert.is(group.get(1), second);
  assert.is(group.get('third'), undefined);
  assert.is(group.get(2), undefined);
  assert.ok(group.has(first) && group.has('second'));
  assert.not(group.has('third'));
  assert.ok([...group][0] === first && [...group][1] === second);
  assert.is(String(group), "<Group ['first', 'second']>");
  assert.is(inspect(group), "<Group ['first', 'second']>");
  await first.terminate();
  assert.not(group.has(first));
  assert.is(group.size, 1);
  assert.is(group.get(0), second);
});

test('a group is no home for gateways of another', async () => {
  await using group = new Group();
  await using other = new Group();
  const [gateway, stranger] = await Promise.all([group.makeGateway(), other.makeGateway()]);
  assert.is(gateway.id, stranger.id);
  assert.not(group.has(stranger));
});

test('ids are unique: one that is taken is refused, also while its gateway is being made', async () => {
  await using group = new Group();
  const making = group.makeGateway('popen//id=taken');
  const early = await failureOf(group.makeGateway('popen//id=taken'));
  assert.instance(early, SpecError);
  assert.is(early.code, 'ERR_EXECNET_DUPLICATE_ID');
  await making;
  assert.is((await failureOf(group.makeGateway('popen//id=taken'))).code, 'ERR_EXECNET_DUPLICATE_ID');
  assert.is(group.size, 1);
  await group.terminate();
  assert.is((await group.makeGateway('popen//id=taken')).id, 'taken');
});

test('the default spec is what is made without one', async () => {
  await using group = new Group({ defaultSpec: 'popen//env:MADE_BY=default' });
  assert.is(await (await group.makeGateway()).call(() => process.env['MADE_BY']), 'default');
  group.defaultSpec = { popen: true, env: { MADE_BY: 'another default' } };
  assert.is(await (await group.makeGateway()).call(() => process.env['MADE_BY']), 'another default');
});

test('the execution model is set before the first gateway, and a spec overrides it', async () => {
  await using group = new Group();
  group.setExecmodel('async', 'main_thread_only');
  const gateway = await group.makeGateway();
  assert.is((await gateway.remoteStatus()).execmodel, 'main_thread_only');
  const other = await group.makeGateway('popen//execmodel=thread');
  assert.is((await other.remoteStatus()).execmodel, 'thread');
  const error = await failureOf(() => group.setExecmodel('thread'));
  assert.is(error.code, 'ERR_EXECNET_EXECMODEL_FIXED');
});

test('the execution model can not be set while the first gateway is being made', async () => {
  await using group = new Group();
  const making = group.makeGateway();
  assert.is((await failureOf(() => group.setExecmodel('thread'))).code, 'ERR_EXECNET_EXECMODEL_FIXED');
  await making;
});

test('remoteExec of a group runs everywhere', async () => {
  await using group = new Group();
  await group.makeGateways(specs);
  const channels = group.remoteExec(async (channel: Channel<number, number>, factor: number) => {
    await channel.send((await channel.receive()) * factor);
  }, 3);
  assert.is(channels.size, specs.length);
  await channels.sendEach(5);
  assert.equal(
    await channels.receiveEach(),
    specs.map(() => 15),
  );
  await channels.waitClose();
  const error = (await failureOf(
    group.remoteExec('throw new RangeError(args)', 'all').waitClose(),
  )) as RemoteError;
  assert.is(error.remoteName, 'RangeError');
});

/** Living processes that were started with this in their environment. */
function processesWith(variable: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(variable)
        ? [Number(entry)]
        : [];
    } catch {
      return [];
    }
  });
}

test('if one of several fails, the others are taken down, and the failure is told', async () => {
  const mark = `EXECNET_TEST_TOGETHER=${process.pid}`;
  await using group = new Group();
  const keeper = await group.makeGateway();
  const error = await failureOf(
    group.makeGateways([`3*popen//env:${mark}`, 'popen//node=/no/such/interpreter', `popen//env:${mark}`]),
  );
  assert.instance(error, ConnectError);
  assert.is(error.code, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
  assert.equal([...group], [keeper]);
  assert.equal(processesWith(mark), []);
  assert.is(await keeper.call(() => 1), 1);
});

test('one after the other with a concurrency of one: what comes after a failure is not started', async () => {
  await using group = new Group();
  const started: string[] = [];
  const makeGateway = group.makeGateway.bind(group);
  group.makeGateway = (spec, options) => {
    started.push(String(spec));
    return makeGateway(spec, options);
  };
  await failureOf(
    group.makeGateways(['popen//id=a', 'popen//node=/no/such/one', 'popen//id=c'], { concurrency: 1 }),
  );
  assert.equal(started, ['popen//id=a', 'popen//node=/no/such/one']);
  assert.is(group.size, 0);
});

test('a concurrency that is none is a TypeError', async () => {
  const group = new Group();
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    assert.instance(await failureOf(group.makeGateways('popen', { concurrency })), TypeError);
  }
});

test('making gateways can be aborted, and leaves nothing', async () => {
  const mark = `EXECNET_TEST_ABORTED=${process.pid}`;
  const group = new Group();
  const reason = new Error('changed my mind');
  const controller = new AbortController();
  const making = failureOf(group.makeGateways(`4*popen//env:${mark}`, { signal: controller.signal }));
  controller.abort(reason);
  assert.is(await making, reason);
  assert.is(group.size, 0);
  assert.equal(processesWith(mark), []);
});

test('a group can be used again after its end', async () => {
  await using group = new Group();
  const [first] = await group.makeGateways('2*popen');
  await group.terminate();
  await group.terminate();
  assert.is((first as Gateway).hasReceiver, false);
  assert.is(await (await group.makeGateway()).call(() => 'again'), 'again');
});

test('terminate gives up the gateways that are being made, and leaves nothing of them', async () => {
  const before = childrenOf(process.pid).length;
  const group = new Group();
  const ready = await group.makeGateway('popen');
  // those may be there before the end
  const early = [group.makeGateway('popen'), group.makeGateway('popen')].map((made) =>
    made.catch((error: { code?: string }) => error.code),
  );
  // says no hello at all
  const making = failureOf(group.makeGateway("popen//node=sh -c 'exec sleep 1000'"));
  while (childrenOf(process.pid).length < before + 4) await new Promise((resolve) => setImmediate(resolve));
  await group.terminate({ timeout: 500 });
  assert.not(ready.hasReceiver);
  assert.is((await making).code, 'ERR_EXECNET_TERMINATED');
  for (const made of await Promise.all(early))
    assert.is(
      typeof made === 'object' ? made.hasReceiver : made,
      typeof made === 'object' ? false : 'ERR_EXECNET_TERMINATED',
    );
  assert.is(childrenOf(process.pid).length, before);
  assert.is(group.size, 0);
  // and can be used again
  assert.is(await (await group.makeGateway('popen')).call(() => 1), 1);
  await group.terminate({ timeout: 500 });
});

test.run();
