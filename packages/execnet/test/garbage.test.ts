import { garbageSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(garbageSuite);
