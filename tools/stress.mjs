/** `npm run stress [-- --minutes N --lanes N --seed N]`: sets up, then does everything at once for a long time, and looks whether anything hangs, ends or grows. */
import { runProgram } from './lib/run-program.mjs';

await runProgram('tools/bench/src/stress.ts', { test: true });
