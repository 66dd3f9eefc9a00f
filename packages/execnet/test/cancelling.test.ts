import { cancellingSuite } from '@execnet/conformance';
import { onEveryRemoteEnd } from './remote-ends.ts';

onEveryRemoteEnd(cancellingSuite);
