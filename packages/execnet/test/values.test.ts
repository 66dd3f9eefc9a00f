import { valueSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './remote-ends.ts';

onEveryRemoteEnd(valueSuite);
