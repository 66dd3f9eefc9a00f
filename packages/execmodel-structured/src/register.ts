import { defaultRegistry } from '@execnet/core/plugin';
import { structured } from './model.ts';

defaultRegistry.add(structured());
