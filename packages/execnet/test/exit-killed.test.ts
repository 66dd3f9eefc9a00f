import * as assert from 'uvu/assert';
import { dealtOf } from '../../../tools/lib/deal.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { assertCleansUp, assertGoneWhenKilled, killWhileStarting, MOMENTS } from './fixtures/held.ts';
import { HELD } from './fixtures/held-scenarios.mjs';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { pythonSpec, usualPython } from './fixtures/pythons.ts';
import { test } from './fixtures/tests.ts';

/** The promise is 2 s; a dozen interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

for (const interpreter of ownRemoteEnds) {
  interpreter.test('SIGKILL of the local process leaves no remote end, nor their children', async () => {
    await using program = startProgram('held.mjs', [
      specOf(interpreter, 'stdio=ignore'),
      ...dealtOf(Object.keys(HELD), interpreter.part),
    ]);
    await assertGoneWhenKilled(program, LIMIT);
  });
}

for (const interpreter of ownRemoteEnds) {
  interpreter.test('SIGKILL of the local process leaves none that is still starting', async () => {
    await using program = startProgram('starting.mjs', [specOf(interpreter, 'stdio=ignore')]);
    const starting = await killWhileStarting(program);
    assert.equal(await stillRunning(starting, LIMIT), []);
  });
}

/** Gateways between, by the words of a title. */
const MIDDLES: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  [' through a gateway', [specOf(runningInterpreter(), 'stdio=ignore')]],
  ...(usualPython === undefined
    ? []
    : [[' through one in Python', [pythonSpec(usualPython, 'stdio=ignore')]] as const]),
];

for (const interpreter of ownRemoteEnds)
  for (const [through, middle] of MIDDLES)
    for (const moment of MOMENTS)
      interpreter.test(
        `SIGKILL of the local process within a large item${through}, after ${moment} ms: code cleans up`,
        () => assertCleansUp([...middle, specOf(interpreter, 'stdio=ignore')], moment, LIMIT),
      );

test.run();
