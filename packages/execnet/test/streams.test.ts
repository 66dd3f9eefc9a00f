import { streamSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './fixtures/suites.ts';

onEveryRemoteEnd(streamSuite);
