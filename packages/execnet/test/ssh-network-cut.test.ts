// What becomes of gateways when nothing arrives any more, and nobody is told. Every process is on this machine, so that it can be watched although
// its host is cut off.
import { setTimeout as after } from 'node:timers/promises';
import { type Channel, type Gateway, Group, type SpecObject } from 'execnet';
import * as assert from 'uvu/assert';
import { startNetwork } from '../../../tools/hosts/network.mjs';
import { type Interpreter, runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { NEVER_YIELDS } from './fixtures/busy.mjs';
import { assertEndIsBounded, Cut, withChildren } from './fixtures/cut.ts';
import { firstOfEachKind } from './fixtures/interpreters.ts';
import { childrenOf, isRunning } from './fixtures/processes.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** One remote end of each kind. */
const ends: readonly Interpreter[] = firstOfEachKind;

const { kind, path } = runningInterpreter();

/** What starts the interpreter that runs this, on a machine that may not have it on its PATH. */
const own: SpecObject = { [kind]: path };

/** Gateways that do each a different thing when their host is cut off. */
interface Busy {
  readonly gateways: readonly Gateway[];
  /** By the name of the gateway. */
  readonly processes: Readonly<Record<string, readonly number[]>>;
  /** Everything that can be waited for. */
  wait(): Promise<unknown>[];
}

async function begin(
  make: (name: string, fields: SpecObject) => Promise<Gateway>,
  { name, kind: field, path: program }: Interpreter,
): Promise<Busy> {
  // a child process without an execution: a shell has started it
  const shell = `sh -c 'sleep 1000 </dev/null >/dev/null 2>&1 3<&- 4>&- & exec "$0" "$@"' ${program}`;
  const [unused, used, waiting, spinning] = (await Promise.all([
    make(`${name}-unused`, { [field]: shell }),
    ...['used', 'waiting', 'spinning'].map((what) => make(`${name}-${what}`, { [field]: program })),
  ])) as [Gateway, Gateway, Gateway, Gateway];
  const [over, inReceive, inLoop] = await Promise.all([
    withChildren(used, ''),
    withChildren(waiting, 'channel.receiveSync()'),
    withChildren(spinning, NEVER_YIELDS),
  ]);
  await over.channel.waitClose();
  const children = childrenOf(unused.peer.pid);
  assert.is(children.length, 1);
  return {
    gateways: [unused, used, waiting, spinning],
    processes: {
      [unused.id]: [unused.peer.pid, ...children],
      [used.id]: over.pids,
      [waiting.id]: inReceive.pids,
      [spinning.id]: inLoop.pids,
    },
    wait: () => [
      inReceive.channel.receive(),
      inReceive.channel.waitClose(),
      inLoop.channel.receive(),
      inLoop.channel.send(new Uint8Array(16 * 1024 * 1024)),
      waiting.call(() => 'too late'),
      used.remoteStatus(),
      unused.join().then(() => unused.remoteStatus()),
    ],
  };
}

testOn(['netns'], 'a cut that is shorter than the lease loses nothing', async () => {
  await using network = await startNetwork();
  await using group = new Group();
  const gateway = await group.makeGateway({ ssh: 'a', ssh_config: network.config, keepalive: 2, ...own });
  const channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
    for await (const item of channel) await channel.send(item);
  });
  let sent = 0;
  let seen = 0;
  const sending = (async () => {
    while (sent < 1000) {
      await channel.send(sent++);
      await after(1);
    }
  })();
  const receiving = (async () => {
    while (seen < 1000) assert.is(await channel.receive(), seen++);
  })();
  while (seen < 100) await after(5);
  await network.a.cut();
  const before = seen;
  await after(1500);
  assert.ok(seen < before + 100, 'nothing gets through');
  await network.a.mend();
  await Promise.all([sending, receiving]);
  assert.ok(gateway.hasReceiver);
  assert.is(await gateway.call(() => 1), 1);
});

testOn(['netns'], 'when a host is cut off, who waits hears of it, and the far side is gone', async () => {
  await using network = await startNetwork();
  const group = new Group();
  const fields = { ssh: 'a', ssh_config: network.config, keepalive: 1, stdio: 'ignore' } as const;
  const all = await Promise.all(
    ends.map((end) => begin((id, more) => group.makeGateway({ ...fields, id, ...more }), end)),
  );
  const processes = Object.fromEntries(all.flatMap((one) => Object.entries(one.processes)));
  const pids = Object.values(processes).flat();
  assert.equal(pids.filter(isRunning), pids);
  const cut = await Cut.off(network.a);
  const errors = await cut.assertRejects(all.flatMap((one) => one.wait()));
  for (const { cause } of errors) assert.is((cause as { code?: string }).code, 'ERR_EXECNET_LEASE');
  assert.is(group.size, 0);
  await cut.assertGone(processes);
  const gateways = all.flatMap((one) => one.gateways);
  await assertEndIsBounded(gateways, 'a');
});

testOn(['netns'], 'cut off in the middle of a stream, each end stops', async () => {
  await using network = await startNetwork();
  await using group = new Group();
  const fields = { ssh: 'a', ssh_config: network.config, keepalive: 1, ...own };
  const [source, sink] = await group.makeGateways([fields, fields]);
  const incoming = (source as Gateway).remoteExec(async (channel: Channel<never, Uint8Array>) => {
    for (;;) await channel.send(new Uint8Array(100_000));
  });
  const outgoing = (sink as Gateway).remoteExec(async (channel: Channel<Uint8Array, never>) => {
    for await (const item of channel) void item;
  });
  let received = 0;
  let sent = 0;
  const receiving = (async () => {
    for (;;) received += (await incoming.receive()).length;
  })();
  const sending = (async () => {
    for (;;) {
      await outgoing.send(new Uint8Array(100_000));
      sent += 100_000;
    }
  })();
  const moved = async (size: number): Promise<void> => {
    const [in0, out0] = [received, sent];
    while (received < in0 + size || sent < out0 + size) await after(5);
  };
  await moved(10_000_000);
  const cut = await Cut.off(network.a);
  await cut.assertRejects([receiving, sending]);
  const [from, to] = [source, sink].map((gateway) => (gateway as Gateway).peer.pid);
  await cut.assertGone({ from: [Number(from)], to: [Number(to)] });
});

testOn(['netns'], 'a local program that is busy for less than the lease keeps its gateways', async () => {
  await using network = await startNetwork();
  await using group = new Group();
  const fields = { ssh: 'a', ssh_config: network.config, keepalive: 1, ...own };
  const [idle, spinning] = await group.makeGateways([fields, fields]);
  await withChildren(spinning as Gateway, NEVER_YIELDS);
  for (let round = 0; round < 2; round++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1800);
    // what has come meanwhile is read, and the next ping leaves
    await after(1100);
  }
  assert.is(await (idle as Gateway).call(() => 1), 1);
  assert.is((await (spinning as Gateway).remoteStatus()).numExecuting, 1);
  await group.terminate({ timeout: 0 });
});

test.run();
