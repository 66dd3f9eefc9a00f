/** `npm run bench [-- ARGS]`: sets up, then measures execnet against what it is compared with. */
import { runProgram } from './lib/run-program.mjs';

await runProgram('tools/bench/src/main.ts', { test: true });
