import type { Host } from '../registry/contracts.ts';
import { runningInterpreter } from '../registry/index.ts';

interface Compiled {
  readonly Bun?: { readonly isStandaloneExecutable?: boolean; readonly main: string };
  readonly Deno?: { readonly build: { readonly standalone?: boolean } };
}

type Sea = { isSea(): boolean } | undefined;

/**
 * The way to start the interpreter that this program runs on. A program that was compiled into one file is its own executable: to start that would run the program once
 * more. Bun can be told by a variable to be Bun; in place of Node and Deno the ones on the `PATH` are taken.
 */
export function ownInterpreter(): Host['interpreter'] {
  const field = runningInterpreter();
  const { Bun, Deno } = globalThis as Compiled;
  const own = { field, path: process.execPath };
  if (Bun) {
    const compiled = Bun.isStandaloneExecutable ?? Bun.main.startsWith('/$bunfs/');
    return compiled ? { ...own, env: { BUN_BE_BUN: '1' } } : own;
  }
  const compiled = Deno ? Deno.build.standalone : (process.getBuiltinModule?.('node:sea') as Sea)?.isSea();
  return compiled ? { field, path: field } : own;
}
