import type { WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread with the program in its data. `evaluate` is defined here, because `import()` works only in code that an `eval` of this text
 * evaluates.
 */
export const threadStub =
  "globalThis.require ??= require; const evaluate = (text) => (0, eval)(text); const { workerData } = require('node:worker_threads'); evaluate(workerData.program)({ evaluate, data: workerData });";

/**
 * Options of every thread. It prints by itself: that Node does not connect its streams to the main thread's halves the cost of making it.
 */
export function threadOptions(shareEnv: symbol): WorkerOptions {
  return { eval: true, stdout: true, stderr: true, env: shareEnv as unknown as NodeJS.ProcessEnv };
}
