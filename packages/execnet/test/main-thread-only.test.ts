import { mainThreadOnlySuite } from '@execnet/conformance';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { remoteEnds } from './fixtures/interpreters.ts';
import { fixtureOf, GENERAL_SUITES } from './fixtures/models.ts';

for (const interpreter of remoteEnds) {
  const fixture = fixtureOf(interpreter, { execmodel: 'main_thread_only', beside: 'never' });
  mainThreadOnlySuite(interpreter.name, fixture);
  if (interpreter.name !== runningInterpreter().name) continue;
  for (const suite of GENERAL_SUITES) suite(`${interpreter.name} main_thread_only`, fixture);
}
