import { mainThreadOnlySuite } from '@execnet/conformance';
import { onEveryRemoteEnd, runGeneralSuites } from './fixtures/suites.ts';

const MODEL = { execmodel: 'main_thread_only', beside: 'never' } as const;

onEveryRemoteEnd(mainThreadOnlySuite, MODEL);
runGeneralSuites(MODEL);
