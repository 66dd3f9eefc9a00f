import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { pythonSpecOf, startPython, testWithPython } from './fixtures/execnet-python.ts';
import { assertGoneWhenKilled } from './fixtures/held.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { stillRunning } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** The promise is 2 s; a dozen interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

/** What a stalled remote end may have taken, in MiB, beyond what it had when it began. */
const BOUND = 32;

for (const interpreter of sharedEnds) {
  const flooded = async (): Promise<void> => {
    await using program = startPython('execnet_flooded', [pythonSpecOf(interpreter)]);
    const { pid } = await program.said<{ pid: number }>();
    const before = memoryOf(pid);
    // it writes until the pipe is full
    for (let last = -1, now = 0; now !== last; now = writtenBy(pid)) {
      last = now;
      await after(100);
    }
    assert.ok(memoryOf(pid) - before < BOUND, `${memoryOf(pid)} MiB, and before ${before}`);
    program.child.kill('SIGKILL');
    assert.equal(await stillRunning([pid], LIMIT), []);
  };
  testWithPython('what Python does not read takes no memory here', flooded, interpreter.test);

  testWithPython(
    'SIGKILL of Python leaves no remote end, nor their children',
    async () => {
      await using program = startPython('execnet_held', [pythonSpecOf(interpreter)]);
      await assertGoneWhenKilled(program, LIMIT);
    },
    interpreter.test,
  );
}

/** Bytes that a process has written. */
function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** The most memory that a process has had, in MiB. */
function memoryOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test.run();
