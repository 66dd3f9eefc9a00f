import * as assert from 'uvu/assert';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

for (const interpreter of sharedEnds) {
  interpreter.test('what a program has finished with is collected, while the gateway lives on', async () => {
    await using program = startProgram('collected.mjs', [specOf(interpreter)]);
    assert.equal(await program.said<string[]>(), []);
    assert.is((await program.ended).code, 0);
  });
}

test.run();
