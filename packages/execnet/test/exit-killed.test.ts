import * as assert from 'uvu/assert';
import { dealtOf } from '../../../tools/lib/deal.mjs';
import { assertGoneWhenKilled, killWhileStarting } from './fixtures/held.ts';
import { HELD } from './fixtures/held-scenarios.mjs';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
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

test.run();
