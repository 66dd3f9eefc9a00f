import { buildModels } from '../../tools/lib/build-models.mjs';

await buildModels(import.meta.dirname, { WORKER: 'worker' });
