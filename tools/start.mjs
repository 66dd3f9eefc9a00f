/** `npm start [-- ARGS]`: sets up, then shows execnet at work. */
import { runProgram } from './lib/run-program.mjs';

await runProgram('tools/tour/src/main.ts');
