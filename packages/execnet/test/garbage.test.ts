import * as assert from 'uvu/assert';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

const WARNING =
  'ExecnetWarning: an execution of gw0 (popen:N) failed and nobody received its error (channel N)';

for (const interpreter of sharedEnds) {
  interpreter.test('channels that a program drops are closed, and their executions go on', async () => {
    await using program = startProgram('garbage.mjs', [specOf(interpreter)]);
    const seen = await program.said<Record<string, unknown[]>>();
    assert.equal(seen, {
      // nobody listens any more, and that is all
      awaiting: ['closed, ChannelClosedError, cancelled: false', 'goes on with its work'],
      blocking: ['ChannelClosedError, cancelled: false', 'goes on with its work'],
      forgotten: ['ran, cancelled: false'],
      // a callback, or somebody who waits, holds a channel
      callback: [[0, 1, 2, 'end'], 'all sent'],
      waiting: ['waited for'],
      // it fails after the channel was collected, or before
      later: ['dropped', WARNING],
      unheard: [WARNING],
      // the other way round: a channel that remote code drops is closed here
      remote: ['has it', 'closed'],
    });
    assert.is((await program.ended).code, 0);
  });

  interpreter.test('what a program has finished with is collected, while the gateway lives on', async () => {
    await using program = startProgram('collected.mjs', [specOf(interpreter)]);
    assert.equal(await program.said<string[]>(), []);
    assert.is((await program.ended).code, 0);
  });
}

test.run();
