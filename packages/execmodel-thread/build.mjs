import { buildModels } from '../../tools/lib/build-models.mjs';

await buildModels(import.meta.dirname, { THREAD: 'thread', MAIN_THREAD_ONLY: 'main-thread-only' });
