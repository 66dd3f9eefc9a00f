import { defaultRegistry } from '@execnet/core/plugin';
import { popen } from './popen.ts';

defaultRegistry.add(popen());
