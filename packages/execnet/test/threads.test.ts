import { threadModelSuite } from '@execnet/conformance';
import { sharedEnds } from './fixtures/interpreters.ts';
import { fixtureOf } from './fixtures/suites.ts';

for (const interpreter of sharedEnds) threadModelSuite(interpreter.name, fixtureOf(interpreter));
