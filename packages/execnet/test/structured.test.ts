import { structuredModelSuite } from '@execnet/conformance';
import { onEveryRemoteEnd, runGeneralSuites } from './fixtures/suites.ts';

const MODEL = { execmodel: 'structured', beside: 'tasks', operations: true } as const;

onEveryRemoteEnd(structuredModelSuite, MODEL);
runGeneralSuites(MODEL);
