import { fileSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './remote-ends.ts';

onEveryRemoteEnd(fileSuite);
