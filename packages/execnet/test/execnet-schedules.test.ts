// The same as in schedules.test, with execnet of Python at the other end, which begins no frame within another and is told by nobody to wait.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { pythonSpecOf, runScenario, startPython, testWithPython } from './fixtures/execnet-python.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { stillRunning } from './fixtures/processes.ts';
import { test, tier } from './fixtures/tests.ts';

/** In milliseconds: code may clean up for a second, and a busy machine needs a margin. */
const LIMIT = 5000;

const RUNS = tier === 'all' ? 20 : 2;

const plan = fc.record({
  takes: fc.nat(12),
  size: fc.oneof(
    fc.nat(100),
    fc.integer({ min: 60_000, max: 70_000 }),
    fc.integer({ min: 100_000, max: 900_000 }),
  ),
  drop: fc.option(fc.nat(4), { nil: null, freq: 3 }),
});

for (const interpreter of sharedEnds) {
  const spec = pythonSpecOf(interpreter);

  testWithPython(
    'no order of executions that end early loses one, or ends the gateway',
    async () => {
      const plans = fc.array(plan, { minLength: 2, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(plans, async (some) => {
          await runScenario('execnet_schedules', 'in_any_order', [spec, JSON.stringify(some)]);
        }),
        { numRuns: RUNS },
      );
    },
    interpreter.test,
  );

  testWithPython(
    'code cleans up when Python is killed within an item',
    async () => {
      for (let round = 0; round < RUNS; round++) {
        const folder = mkdtempSync(join(tmpdir(), 'execnet-'));
        try {
          await using program = startPython('execnet_schedules', ['killed', spec, folder]);
          const { pid } = await program.said<{ pid: number }>();
          await after(round * 7);
          program.child.kill('SIGKILL');
          assert.equal(await stillRunning([pid], LIMIT), []);
          for (const file of ['0', '1']) assert.ok(existsSync(join(folder, file)), file);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }
    },
    interpreter.test,
  );

  testWithPython(
    'code cleans up when Python terminates it within an item',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'execnet-'));
      try {
        await runScenario('execnet_schedules', 'terminated', [spec, folder]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    interpreter.test,
  );
}

test.run();
