import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { generalShare } from '../../../tools/lib/suites.mjs';
import { type Model, runGeneralSuites } from './fixtures/suites.ts';
import { spread, test, tier } from './fixtures/tests.ts';

/** Under `thread` the general suites have files of their own. */
const MODELS: readonly Model[] = [
  { execmodel: 'main_thread_only', beside: 'never' },
  { execmodel: 'worker', isolated: true },
  { execmodel: 'structured', beside: 'tasks', operations: true },
];

for (const { value, part } of spread(MODELS, generalShare)) {
  if (tier === 'all' && value.isolated && runningInterpreter().kind === 'deno') {
    const reason = 'each of hundreds of threads starts half a second late on Deno';
    test.skip('the general suites under worker');
    console.log(`left out: ${reason}: the general suites under worker`);
  } else runGeneralSuites(value, part);
}

test.run();
