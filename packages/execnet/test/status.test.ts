import { statusSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './remote-ends.ts';

onEveryRemoteEnd(statusSuite);
