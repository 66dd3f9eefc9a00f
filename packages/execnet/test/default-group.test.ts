import { type Channel, defaultGroup, type Gateway, makeGateway, setExecmodel } from 'execnet';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { test } from './fixtures/tests.ts';

test.after(() => defaultGroup.terminate());

test('makeGateway without a spec makes a popen gateway in the default group', async () => {
  const gateway: Gateway = await makeGateway();
  assert.ok(defaultGroup.has(gateway));
  assert.is(defaultGroup.get(gateway.id), gateway);
  assert.is(gateway.peer.executable, process.execPath);
  await gateway.terminate();
  assert.is(defaultGroup.size, 0);
});

test('makeGateway takes a spec as text or as an object', async () => {
  const [text, object] = await Promise.all([
    makeGateway('popen//id=text'),
    makeGateway({ popen: true, id: 'object' }),
  ]);
  assert.is(defaultGroup.get('text'), text);
  assert.is(defaultGroup.get('object'), object);
  await defaultGroup.terminate();
  assert.is(defaultGroup.size, 0);
});

test('setExecmodel decides the model of later gateways, and is an error while there is one', async () => {
  setExecmodel('async', 'main_thread_only');
  const gateway = await makeGateway();
  assert.is((await gateway.remoteStatus()).execmodel, 'main_thread_only');
  assert.is((await failureOf(() => setExecmodel('thread'))).code, 'ERR_EXECNET_EXECMODEL_FIXED');
  await defaultGroup.terminate();
  setExecmodel('thread');
  assert.is((await (await makeGateway()).remoteStatus()).execmodel, 'thread');
  await defaultGroup.terminate();
});

test('makeGateway takes a timeout and a signal, and leaves nothing when they come first', async () => {
  const reason = new Error('changed my mind');
  assert.is(await failureOf(makeGateway('popen', { signal: AbortSignal.abort(reason) })), reason);
  assert.is((await failureOf(makeGateway('popen', { timeout: 1 }))).code, 'ERR_EXECNET_CONNECT_TIMEOUT');
  assert.is(defaultGroup.size, 0);
});

test('the default group executes everywhere', async () => {
  await defaultGroup.makeGateways('2*popen');
  const channels = defaultGroup.remoteExec(async (channel: Channel<never, number>) =>
    channel.send(process.pid),
  );
  const pids = await channels.receiveEach();
  assert.equal(
    pids,
    [...defaultGroup].map((gateway) => gateway.peer.pid),
  );
  await defaultGroup.terminate();
});

test.run();
