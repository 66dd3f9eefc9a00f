import { fileURLToPath } from 'node:url';
import { buildModels } from '../../tools/lib/build-models.mjs';

// the part that steps routines, which the runner has one of for each execution
const REDUCER = 'effection/esm/lib/reducer.js';
const reducer = fileURLToPath(new URL('lib/reducer.js', import.meta.resolve('effection')));

await buildModels(import.meta.dirname, { EXECUTOR: 'executor', RUNNER: 'runner' }, { [REDUCER]: reducer });
