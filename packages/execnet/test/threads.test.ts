import { mainThreadOnlySuite, threadModelSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './remote-ends.ts';

onEveryRemoteEnd(threadModelSuite);
onEveryRemoteEnd(mainThreadOnlySuite);
