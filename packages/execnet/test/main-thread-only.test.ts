import { mainThreadOnlySuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(mainThreadOnlySuite, { execmodel: 'main_thread_only', beside: 'never' });
