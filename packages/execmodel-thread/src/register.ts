import { defaultRegistry } from '@execnet/core/plugin';
import { mainThreadOnly, thread } from './models.ts';

defaultRegistry.add(thread());
defaultRegistry.add(mainThreadOnly());
