import * as assert from 'uvu/assert';
import { assertGoneWhenKilled, killWhileStarting } from './fixtures/held.ts';
import { stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { pythonSpec, sharedPythons, withoutPython } from './fixtures/pythons.ts';
import { test, tier } from './fixtures/tests.ts';

/** The promise is 2 s; a dozen interpreters that compute on two cores need a margin. */
const LIMIT = 5000;

/** A machine of Java takes seconds to start, and has no lock that code could hold: of the scenarios those that differ there. */
const OF_JAVA = [
  'waits again and again, whatever it is told',
  'exits when the connection is lost',
  'exits so in another thread',
  'computes in both',
];

for (const python of sharedPythons) {
  const { runtime } = python;

  python.test('SIGKILL of the local process leaves no remote end, nor its children', async () => {
    await using program = startProgram('python-held.mjs', [
      pythonSpec(python, 'stdio=ignore'),
      ...(runtime === 'jython' ? OF_JAVA.slice(0, tier === 'all' ? OF_JAVA.length : 1) : []),
    ]);
    await assertGoneWhenKilled(program, LIMIT);
  });

  python.test('SIGKILL of the local process leaves none that is still starting', async () => {
    await using program = startProgram('starting.mjs', [pythonSpec(python, 'stdio=ignore')]);
    const starting = await killWhileStarting(program);
    // a machine of Java that starts, and five others beside it, look at nothing before they are there
    assert.equal(await stillRunning(starting, runtime === 'jython' ? 6 * LIMIT : LIMIT), []);
  });
}

if (sharedPythons.length === 0) withoutPython();
else test.run();
