import type { Interpreter } from '../registry/contracts.ts';
import { BUN_GLOBALS } from './globals.ts';
import { javascriptInterpreter } from './javascript.ts';
import { COMMONJS_LOADER } from './loader.ts';

/** Remote ends on Bun: `popen//bun`, or `popen` alone in a program that runs on Bun. */
export function bun(): Interpreter {
  return javascriptInterpreter({
    field: 'bun',
    supports: { killThread: true, threadMemoryLimit: false },
    globals: BUN_GLOBALS,
    args: ['-e'],
    loader: COMMONJS_LOADER,
  });
}
