import { scheduleSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(scheduleSuite);
