import { exposingSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(exposingSuite);
