import { defaultRegistry } from '@execnet/core/plugin';
import { ssh } from './ssh.ts';

defaultRegistry.add(ssh());
