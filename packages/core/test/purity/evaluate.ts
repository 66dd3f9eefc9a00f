/* oxlint-disable typescript/no-explicit-any */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { NODE_GLOBALS } from '../../src/interpreters/globals.ts';
import {
  functionProgram,
  loadAnalyser,
  type PrepareOptions,
  prepareFunction,
} from '../../src/purity/index.ts';

await loadAnalyser();

type AnyFunction = (...args: never[]) => unknown;

export function prepare(fn: unknown, options: Partial<PrepareOptions> = {}) {
  return prepareFunction(fn as AnyFunction, { interpreterGlobals: NODE_GLOBALS, ...options });
}

/** The function as the far side makes it: of the prepared text alone, outside of every module. */
// biome-ignore lint/suspicious/noExplicitAny: tests call what comes back in any way
export function evaluate(fn: unknown, options: Partial<PrepareOptions> = {}): any {
  return run(functionProgram(prepare(fn, options)));
}

/** The value of a program, evaluated outside of every module. */
export function run(program: string): unknown {
  // biome-ignore lint/security/noGlobalEval: this is how the far side evaluates it
  // biome-ignore lint/complexity/noCommaOperator: called so, eval is indirect
  return (0, eval)(program); // oxlint-disable-line no-eval
}

/** A function made of this text, as if a module had held it. */
export function functionOf(text: string): AnyFunction {
  return run(`'use strict';(${text}\n)`) as AnyFunction;
}

/** A function made of this text, as if a script in sloppy mode had held it. */
export function sloppyOf(text: string): AnyFunction {
  return run(`(${text}\n)`) as AnyFunction;
}

/** Stack of the error with which the function fails in another process of this interpreter, which knows none of these files. */
export function stackElsewhere(
  fn: unknown,
  argument: unknown,
  options: Partial<PrepareOptions> = {},
): string {
  const loader = `import('node:fs').then(async (fs) => {
    const { program, argument } = JSON.parse(fs.readFileSync(0, 'utf8'));
    try { await (0, eval)(program)(argument); } catch (error) { console.log(error.stack); }
  })`;
  const input = JSON.stringify({ program: functionProgram(prepare(fn, options)), argument });
  const args = 'Deno' in globalThis ? ['eval', loader] : ['-e', loader];
  return execFileSync(process.execPath, args, {
    input,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}
