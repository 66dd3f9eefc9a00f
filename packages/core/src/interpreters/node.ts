import type { Interpreter } from '../registry/contracts.ts';
import { NODE_GLOBALS } from './globals.ts';
import { javascriptInterpreter } from './javascript.ts';
import { COMMONJS_LOADER } from './loader.ts';

/** Remote ends on Node.js 18 or newer: `popen//node=/path/to/node`, or `popen` alone in a program that runs on Node. */
export function node(): Interpreter {
  return javascriptInterpreter({
    field: 'node',
    supports: { killThread: true, threadMemoryLimit: true },
    globals: NODE_GLOBALS,
    args: ['-e'],
    loader: COMMONJS_LOADER,
  });
}
