import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { remoteEnds, specOf } from './fixtures/interpreters.ts';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';

/** The promise is 2 s; a dozen interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

for (const interpreter of remoteEnds) {
  test(`${interpreter.name}: SIGKILL of the local process leaves no remote end, nor their children`, async () => {
    await using program = startProgram('held.mjs', [specOf(interpreter, 'stdio=ignore')]);
    const pids = await program.said<Record<string, number[]>>();
    assert.equal(
      Object.entries(pids).filter(([, all]) => !all.every(isRunning)),
      [],
    );
    program.child.kill('SIGKILL');
    await program.ended;
    const left = new Set(await stillRunning(Object.values(pids).flat(), LIMIT));
    const scenarios = Object.entries(pids)
      .filter(([, all]) => all.some((pid) => left.has(pid)))
      .map(([name, all]) => `${name}: ${all.map((pid) => left.has(pid)).join(' ')}`);
    assert.equal(scenarios, []);
  });
}

test.run();
