import { readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import type { Interpreter } from '../../../tools/lib/interpreters.mjs';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

/** A thread that had nothing to do for ten seconds is ended at the next look, five seconds later at most. */
const LIMIT = 40_000;

const THREADS = 4;

function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

async function idles(interpreter: Interpreter): Promise<void> {
  await using group = new Group();
  const gateway = await group.makeGateway(specOf(interpreter));
  const { pid } = gateway.peer;
  const run = async (): Promise<void> => {
    const channels = Array.from({ length: THREADS }, () =>
      gateway.remoteExec((channel: Channel<number, number>) => {
        channel.sendSync(0);
        channel.sendSync(channel.receiveSync() + 1);
      }),
    );
    // each needs a thread of its own
    for (const channel of channels) assert.is(await channel.receive(), 0);
    for (const channel of channels) await channel.send(1);
    for (const channel of channels) {
      assert.is(await channel.receive(), 2);
      await channel.waitClose();
    }
  };
  await gateway.call(() => 1);
  const few = threadsOf(pid);
  await run();
  // the interpreter has threads of its own for each of ours, some of which come later
  assert.ok(
    threadsOf(pid) >= few + THREADS - 1,
    `${interpreter.name}: ${threadsOf(pid)} threads after ${few}`,
  );
  const deadline = performance.now() + LIMIT;
  while (threadsOf(pid) > few + THREADS / 2 && performance.now() < deadline) await after(100);
  assert.ok(
    threadsOf(pid) <= few + THREADS / 2,
    `${interpreter.name}: ${threadsOf(pid)} threads are left of ${few}`,
  );
  // and begin again
  await run();
}

// all at once: most of it is waiting
test('on every interpreter, threads that are not needed any more end', async () => {
  await Promise.all(ownRemoteEnds.map(idles));
});

test.run();
