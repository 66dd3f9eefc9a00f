import type { MessagePort, ResourceLimits, Worker, WorkerOptions } from 'node:worker_threads';
import type { ThreadLimits } from './executor.ts';
import { Bun, builtin, Deno, folderIsGone, runtime } from './runtime.ts';
import type { ReceiverData, ThreadData } from './thread-data.ts';

/**
 * Starts a thread with the program in its data. `evaluate` is defined here, because `import()` works only in code that an `eval` of this text
 * evaluates.
 */
const NODE_STUB = [
  'if (process.cwd.own) process.cwd = process.cwd.own;',
  'globalThis.require ??= require; const evaluate = (text) => (0, eval)(text);',
  "const { workerData: data } = require('node:worker_threads'), { program, cache } = data;",
  "const start = cache ? new (require('node:vm').Script)(program, { cachedData: cache }).runInThisContext() : evaluate(program);",
  'start({ evaluate, data });',
].join(' ');

/** The same for a web worker, which is told its data by a message. It runs no code but ours. */
const WEB_STUB = [
  // Deno asks for the working folder when its world of Node is loaded, and fails if there is none
  "if (globalThis.Deno) { const { cwd } = Deno; Deno.cwd = () => { try { return cwd() } catch { return '/' } } }",
  "const cwd = () => { try { return process.cwd() + '/' } catch { return '/' } };",
  "let required; Object.defineProperty(globalThis, 'require', { configurable: true,",
  "get: () => (required ??= process.getBuiltinModule('node:module').createRequire(cwd())) });",
  'onmessage = ({ data }) => { onmessage = null; const evaluate = (text) => (0, eval)(text); evaluate(data.program)({ evaluate, data }); };',
].join(' ');

/** The program sees the function as it was. */
const PRELOAD = [
  "require('node:fs').rmSync(__dirname, { recursive: true });",
  "process.cwd = Object.assign(() => '/', { own: process.cwd });",
].join(' ');

interface WebWorker {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
  onerror: (event: { message?: string; error?: unknown; preventDefault?(): void }) => void;
}

/**
 * Starts the thread that receives. Its failure is told to `failed`.
 *
 * Where there are web workers, it is one: Bun makes one in 1.5 ms and Deno in 17, where Node's kind takes them 8 and 80, most of it for loading
 * Node's world. Making a thread takes Node 4 ms; the rest of its start runs beside us.
 */
export function startReceiver(data: ReceiverData, failed: (error: unknown) => void): void {
  if (!Bun && !Deno) {
    startThread(data, data.mainPort).on('error', failed);
    return;
  }
  const { Worker } = globalThis as unknown as { Worker: new (url: string, options: object) => WebWorker };
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(WEB_STUB)}`, {
    type: 'module',
    // the value of SHARE_ENV; Bun copies the environment otherwise, for the threads that this one will make too
    ...(Bun && { env: Symbol.for('nodejs.worker_threads.SHARE_ENV') }),
  });
  worker.onerror = (event) => {
    event.preventDefault?.();
    failed(event.error ?? event.message);
  };
  worker.postMessage(data, [data.mainPort]);
}

/** Starts a thread that the code of users runs in, as the interpreter's own threads are. It gets the port. */
export function startThread(
  data: ReceiverData | ThreadData,
  port: MessagePort,
  limits?: ThreadLimits,
): Worker {
  const isGone = folderIsGone();
  if (Deno && isGone)
    throw new Error('Deno starts no thread while the working folder is gone: process.chdir() to another');
  const { Worker, SHARE_ENV } = builtin('node:worker_threads');
  const options: WorkerOptions = {
    eval: true,
    env: SHARE_ENV as unknown as NodeJS.ProcessEnv,
    // it prints by itself: that Node does not connect its streams to the main thread's halves the cost of making it
    stdout: true,
    stderr: true,
    workerData: data,
    transferList: [port],
    ...(limits && { resourceLimits: resourceLimits(limits) }),
    ...(runtime === 'node' && isGone && { execArgv: ['--require', preload()] }),
  };
  return new Worker(NODE_STUB, options);
}

/** Node asks for the working folder when a thread starts, and the thread ends if there is none: here is a module that answers. It removes itself. */
function preload(): string {
  const { mkdtempSync, writeFileSync } = builtin('node:fs');
  const folder = mkdtempSync(`${builtin('node:os').tmpdir()}/execnet-`);
  const file = `${folder}/cwd.cjs`;
  writeFileSync(file, PRELOAD);
  return file;
}

function resourceLimits({ heap, stack }: ThreadLimits): ResourceLimits {
  return {
    ...(heap !== undefined && { maxOldGenerationSizeMb: heap }),
    ...(stack !== undefined && { stackSizeMb: stack }),
  };
}
