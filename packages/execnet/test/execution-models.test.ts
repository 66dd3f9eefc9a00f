import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { generalShare } from '../../../tools/lib/suites.mjs';
import { type Model, OTHER_MODELS, runGeneralSuites } from './fixtures/suites.ts';
import { spread, test, tier } from './fixtures/tests.ts';

for (const { value, part } of spread(Object.values<Model>(OTHER_MODELS), generalShare)) {
  if (tier === 'all' && value.isolated && runningInterpreter().kind === 'deno') {
    const reason = 'each of hundreds of threads starts half a second late on Deno';
    test.skip('the general suites under worker');
    console.log(`left out: ${reason}: the general suites under worker`);
  } else runGeneralSuites(value, part);
}

test.run();
