import { type Channel, type Effection, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { leanSpecOf, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { peakRises } from './fixtures/memory.mjs';
import { test, tier, triesAll } from './fixtures/tests.ts';

const AT_ONCE = tier === 'all' ? 1000 : 100;

/** Those that have a thread of Node to themselves: each costs a twentieth of a second to start. */
const WORKERS_AT_ONCE = tier === 'all' ? AT_ONCE : 24;
const WORKERS = tier === 'all' ? 400 : 24;

/** Deno takes half a second for a thread that another thread than the main one starts. What a thread shares, half a MiB, is more than {@link FLAT} of all in the other tier. */
const workersOf = ({ kind }: { kind: string }): number =>
  kind === 'deno' ? WORKERS / (tier === 'all' ? 4 : 8) : WORKERS;

/** One after the other; a part of the tests on a further local end needs no minutes to show that memory stays flat. */
const MANY = tier === 'all' ? 10_000 : triesAll ? 2000 : 1000;

/** Threads of a remote end; without `threads=` it has 32. */
const THREADS = tier === 'all' ? 32 : 8;

/** The memory that three times as many tasks may take, in MiB: each holds 20 KB while it runs, and leaves about as much garbage. */
const TASKS = 0.16 * AT_ONCE;

/** What may come and go between two collections of garbage, and what a collector keeps, in MiB. */
const FLAT = tier === 'all' ? 24 : 16;

/** A collector that waits for a processor comes late; what leaks does so each time. */
const LOOKS = 3;

/** Starts so many blocking executions at once; each waits for an item and answers with it. */
function start(gateway: Gateway, count = AT_ONCE): Channel<number, number>[] {
  return Array.from({ length: count }, () =>
    gateway.remoteExec((channel: Channel<number, number>) => channel.sendSync(channel.receiveSync())),
  );
}

async function finish(channels: readonly Channel<number, number>[]): Promise<void> {
  channels.forEach((channel, i) => void channel.send(i));
  const answers = await Promise.all(channels.map((channel) => channel.receive()));
  assert.equal(
    answers,
    channels.map((_, i) => i),
  );
  for (const channel of channels) await channel.waitClose();
}

/** Runs `count` executions one after the other. */
async function oneByOne(
  gateway: Gateway,
  count: number,
  code: (i: number) => unknown = (i) => i,
): Promise<void> {
  for (let i = 0; i < count; i++) assert.is(await gateway.call(code, i), i);
}

/** Does something up to three times, until the memory of the remote end has risen by less than `bound` MiB. */
async function assertFlat({ peer }: Gateway, bound: number, work: () => Promise<void>): Promise<void> {
  const rises: number[] = [];
  while (rises.length < LOOKS) {
    const [rise = 0] = await peakRises([peer.pid], work);
    if (rise < bound) return;
    rises.push(rise);
  }
  assert.unreachable(`it rose by ${rises.join(', ')} MiB`);
}

for (const interpreter of ownRemoteEnds) {
  interpreter.test(
    'thread: hundreds of executions started at once finish on a bounded number of threads',
    async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, `threads=${THREADS}`));
      const channels = start(gateway);
      let { numExecuting, numQueued } = await gateway.remoteStatus();
      // none of them ends before it is told to: so the threads that are allowed are started one after the other
      while (numExecuting < THREADS) ({ numExecuting, numQueued } = await gateway.remoteStatus());
      assert.equal({ numExecuting, numQueued }, { numExecuting: THREADS, numQueued: AT_ONCE - THREADS });
      await finish(channels);
      // each of the threads that were needed cost some 10 MiB; those that are there are used again
      await assertFlat(gateway, THREADS * 2, () => finish(start(gateway)));
    },
  );

  interpreter.test('thread: thousands of executions one after the other leave memory flat', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(leanSpecOf(interpreter));
    await oneByOne(gateway, MANY / 2);
    await assertFlat(gateway, FLAT, () => oneByOne(gateway, MANY));
  });

  interpreter.test('structured: thousands of executions started at once run at once and finish', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(leanSpecOf(interpreter, 'execmodel=structured'));
    const tasks = (): Channel<number, number>[] =>
      Array.from({ length: 3 * AT_ONCE }, () =>
        gateway.remoteExec(function* (channel: Channel<number, number>) {
          yield* channel.send(yield* channel.receive());
        }),
      );
    const channels = tasks();
    for (;;) {
      const { numExecuting, numQueued } = await gateway.remoteStatus();
      if (numExecuting + numQueued < channels.length) continue;
      assert.equal({ numExecuting, numQueued }, { numExecuting: channels.length, numQueued: 0 });
      break;
    }
    await finish(channels);
    await assertFlat(gateway, TASKS, () => finish(tasks()));
  });

  interpreter.test('structured: thousands of executions one after the other leave memory flat', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(leanSpecOf(interpreter, 'execmodel=structured'));
    const task = function* (i: number) {
      const { sleep } = require('effection') as Effection;
      if (i % 100 === 0) yield* sleep(0);
      return i;
    };
    await oneByOne(gateway, MANY / 2, task);
    await assertFlat(gateway, FLAT, () => oneByOne(gateway, MANY, task));
  });

  // the same code as under thread, but for who is refused
  if (tier === 'all' && interpreter.name !== runningInterpreter().name && interpreter.kind !== 'bun')
    continue;

  interpreter.test(
    'main_thread_only: thousands of executions one after the other leave memory flat',
    async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(leanSpecOf(interpreter, 'execmodel=main_thread_only'));
      await oneByOne(gateway, MANY / 2);
      await assertFlat(gateway, FLAT, () => oneByOne(gateway, MANY));
    },
  );

  interpreter.test('worker: executions started at once finish on a bounded number of threads', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'execmodel=worker', 'threads=8'));
    const channels = start(gateway, WORKERS_AT_ONCE);
    const { numExecuting, numQueued } = await gateway.remoteStatus();
    assert.equal({ numExecuting, numQueued }, { numExecuting: 8, numQueued: WORKERS_AT_ONCE - 8 });
    await finish(channels);
  });

  interpreter.test('worker: executions one after the other leave memory flat', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(leanSpecOf(interpreter, 'execmodel=worker', 'threads=2'));
    const count = workersOf(interpreter);
    await oneByOne(gateway, count / 2);
    await assertFlat(gateway, FLAT, () => oneByOne(gateway, count));
  });
}

test.run();
