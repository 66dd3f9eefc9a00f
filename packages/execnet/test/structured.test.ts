import { structuredModelSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(structuredModelSuite, { execmodel: 'structured', beside: 'tasks', operations: true });
