/** The little that differs between interpreters is asked for here. */
interface Globals {
  Bun?: { version: string; file(fd: number): { stream(): AsyncIterable<Uint8Array> } };
  Deno?: DenoRuntime;
}

export interface DenoRuntime {
  version: { deno: string };
  dlopen(name: string, symbols: object): { symbols: Record<string, (...args: unknown[]) => unknown> };
  build: { os: string };
  UnsafePointerView: new (pointer: unknown) => { getInt32(): number };
}

const globals = globalThis as unknown as Globals;

export const Bun: Globals['Bun'] = globals.Bun;

export const Deno: Globals['Deno'] = globals.Deno;

/** `node`, `bun` or `deno`. */
export const runtime: 'node' | 'bun' | 'deno' = Bun ? 'bun' : Deno ? 'deno' : 'node';

/** Version of the interpreter by its own counting. */
export const runtimeVersion: string = Bun?.version ?? Deno?.version.deno ?? process.versions.node;

interface Builtins {
  'node:fs': typeof import('node:fs');
  'node:net': typeof import('node:net');
  'node:stream': typeof import('node:stream');
  'node:worker_threads': typeof import('node:worker_threads');
  'node:module': typeof import('node:module');
}

/**
 * Loads a builtin module when it is needed, not before: each costs a part of the start. The loader defines `require` on every interpreter.
 */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] {
  return (globalThis as unknown as { require(name: K): Builtins[K] }).require(name);
}

/** Functions of libc, for Deno. */
export function libc(deno: DenoRuntime, symbols: object): Record<string, (...args: unknown[]) => unknown> {
  return deno.dlopen(deno.build.os === 'darwin' ? 'libSystem.dylib' : 'libc.so.6', symbols).symbols;
}
