import { setTimeout } from '../clock.ts';

/** The little that differs between interpreters is asked for here. */
interface Globals {
  Bun?: { version: string; file(fd: number): { stream(): AsyncIterable<Uint8Array> } };
  Deno?: DenoRuntime;
}

export interface DenoRuntime {
  version: { deno: string };
  dlopen(name: string, symbols: object): { symbols: Record<string, (...args: unknown[]) => unknown> };
  build: { os: string };
  pid: number;
  kill(pid: number, signal: NodeJS.Signals | 0): void;
  exit(code: number): never;
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
  'node:async_hooks': typeof import('node:async_hooks');
  'node:fs': typeof import('node:fs');
  'node:net': typeof import('node:net');
  'node:stream': typeof import('node:stream');
  'node:worker_threads': typeof import('node:worker_threads');
  'node:module': typeof import('node:module');
  'node:crypto': typeof import('node:crypto');
  'node:os': typeof import('node:os');
}

/** Events of Deno's own world. */
interface DenoEvent {
  readonly error: unknown;
  readonly reason: unknown;
  preventDefault(): void;
}

export function onDenoEvent(
  name: 'error' | 'unhandledrejection' | 'unload',
  handle: (event: DenoEvent) => void,
): void {
  const { addEventListener } = globalThis as unknown as {
    addEventListener(name: string, handle: (event: DenoEvent) => void): void;
  };
  addEventListener(name, handle);
}

/**
 * Calls `action` when the process ends by itself or is told to. Deno's `process` takes 20 to 40 ms to load, the events of its own nothing.
 */
export function onExit(action: () => void): void {
  if (Deno) onDenoEvent('unload', action);
  else process.on('exit', action);
}

// tests and hardened programs replace `process.exit` and `process.kill`, or `process`: what ends this process is taken when this is loaded
const own = Deno ?? process;

export const pid: number = own.pid;

export const kill: DenoRuntime['kill'] = own.kill.bind(own);

/** Ends the process, after its exit handlers. */
export const exit: (code: number) => never = Deno ? exitOf(Deno) : process.exit.bind(process);

// Deno makes it when it is first looked at
const { value, get } = Object.getOwnPropertyDescriptor(globalThis, 'process') ?? {};

/** The `process` of Node, whatever the global is now. */
export function nodeProcess(): NodeJS.Process {
  return (value ?? get?.call(globalThis)) as NodeJS.Process;
}

/** The mark that `process.exit` looks at, so as to tell its handlers once. */
const EXITING = '_exiting';

/** Calls the exit handlers on Deno; `process.exit` does not call them again. */
export function emitExit(code: number): void {
  const node = nodeProcess() as NodeJS.Process & { [EXITING]?: boolean };
  if (node[EXITING]) return;
  node[EXITING] = true;
  node.exitCode = code;
  node.emit('exit', code);
}

/** Deno's own tells only `unload`, and the `process.exit` that tells both is loaded when it may be another one. */
function exitOf({ exit }: DenoRuntime): (code: number) => never {
  return (code) => {
    emitExit(code);
    return exit(code);
  };
}

/** When a start is over, in milliseconds. */
const STARTED = 100;

/** Loads on Deno what the end of a process needs, when the start is over: the end is bounded. */
export function loadProcessLater(): void {
  if (Deno) setTimeout(nodeProcess, STARTED);
}

/** As the loader has defined it on every interpreter; remote code may do with the global what it likes. On Deno it is made when it is first used. */
const defined = Object.getOwnPropertyDescriptor(globalThis, 'require');
let required: ((name: string) => unknown) | undefined;

const loaded = new Map<string, unknown>();

/** Loads a builtin module when it is needed, not before: each costs a part of the start. Once: under `NODE_DEBUG` to load one prints, and to print needs one. */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] {
  required ??= (defined?.get ? defined.get.call(globalThis) : defined?.value) as (name: string) => unknown;
  if (!loaded.has(name)) loaded.set(name, required(name));
  return loaded.get(name) as Builtins[K];
}

/** Functions of libc, for Deno. */
export function libc(deno: DenoRuntime, symbols: object): Record<string, (...args: unknown[]) => unknown> {
  return deno.dlopen(deno.build.os === 'darwin' ? 'libSystem.dylib' : 'libc.so.6', symbols).symbols;
}

/** Whether the working folder has been removed: threads can't be started then as usual, and `process.cwd()` throws, or says what was. */
export function folderIsGone(): boolean {
  try {
    return builtin('node:fs').statSync('.').nlink === 0;
  } catch {
    return true;
  }
}
