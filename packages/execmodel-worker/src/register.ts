import { defaultRegistry } from '@execnet/core/plugin';
import { worker } from './model.ts';

defaultRegistry.add(worker());
