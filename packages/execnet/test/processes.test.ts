import { processSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(processSuite);
