import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { fixtureOf, GENERAL_SUITES } from './fixtures/models.ts';

// on Deno, which takes half a second for each of 400 threads, this takes minutes
const interpreter = runningInterpreter();
const fixture = fixtureOf(interpreter, { execmodel: 'worker', isolated: true });
for (const suite of GENERAL_SUITES) suite(`${interpreter.name} worker`, fixture);
