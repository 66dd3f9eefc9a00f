import * as assert from 'uvu/assert';
import { dealtOf } from '../../../tools/lib/deal.mjs';
import { assertCleansUp, assertGoneWhenKilled, killWhileStarting, MOMENTS } from './fixtures/held.ts';
import { PYTHON_HELD } from './fixtures/held-scenarios.mjs';
import { stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { pythonSpec, sharedPythons, withoutPython } from './fixtures/pythons.ts';
import { test, tier } from './fixtures/tests.ts';

/** The promise is 2 s; a dozen interpreters that compute on two cores need a margin. */
const LIMIT = 5000;

/** A machine of Java has no lock that code could hold. */
const { 'holds the lock of the interpreter': _, ...OF_JAVA } = PYTHON_HELD;

for (const python of sharedPythons) {
  const { runtime } = python;

  python.test('SIGKILL of the local process leaves no remote end, nor its children', async () => {
    await using program = startProgram('python-held.mjs', [
      pythonSpec(python, 'stdio=ignore'),
      ...dealtOf(Object.keys(runtime === 'jython' ? OF_JAVA : PYTHON_HELD), python.part),
    ]);
    await assertGoneWhenKilled(program, LIMIT);
  });

  for (const middle of [[], ['popen//stdio=ignore']])
    for (const moment of MOMENTS)
      python.test(
        `SIGKILL of the local process within a large item${middle.length > 0 ? ' through a gateway' : ''}, after ${moment} ms: code cleans up`,
        () => assertCleansUp([...middle, pythonSpec(python, 'stdio=ignore')], moment, LIMIT),
      );

  // half a dozen machines of Java take all there is for many seconds
  if (runtime === 'jython' && tier !== 'all') continue;
  python.test('SIGKILL of the local process leaves none that is still starting', async () => {
    await using program = startProgram('starting.mjs', [pythonSpec(python, 'stdio=ignore')]);
    const starting = await killWhileStarting(program);
    // a machine of Java that starts, and five others beside it, look at nothing before they are there
    assert.equal(await stillRunning(starting, runtime === 'jython' ? 6 * LIMIT : LIMIT), []);
  });
}

if (sharedPythons.length === 0) withoutPython();
else test.run();
