import { mainThreadOnlySuite, threadModelSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(threadModelSuite);
onEveryRemoteEnd(mainThreadOnlySuite);
