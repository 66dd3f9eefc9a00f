import { defaultRegistry } from '@execnet/core/plugin';
import { pythonExecmodels } from './models.ts';
import { python } from './python.ts';

defaultRegistry.add(python());
for (const model of pythonExecmodels()) defaultRegistry.add(model);
