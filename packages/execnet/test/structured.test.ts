import { structuredModelSuite } from '@execnet/conformance';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { remoteEnds } from './fixtures/interpreters.ts';
import { fixtureOf, GENERAL_SUITES } from './fixtures/models.ts';

for (const interpreter of remoteEnds) {
  const fixture = fixtureOf(interpreter, { execmodel: 'structured', beside: 'tasks', operations: true });
  structuredModelSuite(interpreter.name, fixture);
  if (interpreter.name !== runningInterpreter().name) continue;
  for (const suite of GENERAL_SUITES) suite(`${interpreter.name} structured`, fixture);
}
