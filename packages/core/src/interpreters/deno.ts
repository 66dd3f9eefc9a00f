import type { Interpreter } from '../registry/contracts.ts';
import { DENO_GLOBALS } from './globals.ts';
import { javascriptInterpreter } from './javascript.ts';
import { DENO_LOADER } from './loader.ts';

/** Remote ends on Deno 2, with all permissions: `popen//deno`, or `popen` alone in a program that runs on Deno. */
export function deno(): Interpreter {
  return javascriptInterpreter({
    field: 'deno',
    // `worker.terminate()` resolves and a spinning thread spins on
    supports: { killThread: false, threadMemoryLimit: false },
    globals: DENO_GLOBALS,
    // what lies in the working folder must not change how a remote end starts; plain JavaScript is not compiled, and so not kept in a cache
    args: ['eval', '--quiet', '--no-config', '--no-lock', '--ext=js'],
    loader: DENO_LOADER,
  });
}
