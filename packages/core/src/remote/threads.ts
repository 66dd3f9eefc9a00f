import type { MessagePort, ResourceLimits, Worker, WorkerOptions } from 'node:worker_threads';
import type { ThreadLimits } from './executor.ts';
import { listen, messageChannel, type Port, portOf } from './port.ts';
import { Ring } from './ring.ts';
import { Bun, builtin, Deno, folderIsGone, runtime } from './runtime.ts';
import type { ReceiverData, ThreadData } from './thread-data.ts';

/**
 * Starts a thread with the program in its data. `evaluate` is defined here, because `import()` works only in code that an `eval` of this text
 * evaluates.
 */
const NODE_STUB = [
  'if (process.cwd.own) process.cwd = process.cwd.own;',
  'globalThis.require ??= require;',
  // relative to the file of Deno's own that evaluates this an import() there would find nothing; on the main thread it is the working folder
  'const evaluate = globalThis.Deno',
  "? require('node:vm').runInThisContext('(text) => (0, eval)(text)', {",
  "filename: require('node:url').pathToFileURL('$deno$eval.js').href,",
  "importModuleDynamically: require('node:vm').constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })",
  ': (text) => (0, eval)(text);',
  // in a block: what a script defines outside of one stays for as long as the thread
  "{ const { workerData: data } = require('node:worker_threads'), { program, cache } = data;",
  "const start = cache ? new (require('node:vm').Script)(program, { cachedData: cache }).runInThisContext() : evaluate(program);",
  'start({ evaluate, data }); }',
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
 * Starts the thread that receives, and returns the way to it. Its failure is told to `failed`.
 *
 * Where there are web workers, it is one: Bun makes one in 1.5 ms and Deno in 17, where Node's kind takes them 8 and 80, most of it for loading
 * Node's world. Making a thread takes Node 4 ms; the rest of its start runs beside us.
 */
export function startReceiver(data: Portless<ReceiverData>, failed: (error: unknown) => void): Port {
  if (!Bun && !Deno) return new StartedThread(data, { failed });
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
  const { port1, port2 } = messageChannel();
  worker.postMessage({ ...data, port: port2 }, [port2]);
  return portOf(port1);
}

const NO_FOLDER = 'Deno starts no thread while the working folder is gone: process.chdir() to another';

type Portless<Data> = Omit<Data, 'port'>;

/** Told of the end of a thread. */
export interface Fate {
  failed(error: Error): void;
  exited?(): void;
}

/**
 * A thread that the code of users runs in, as the interpreter's own threads are, and the way to it.
 *
 * Node asks for the working folder when a thread starts, and one that is removed at this moment ends the thread: it is started again, without need of a folder. Of
 * two that run after all, the first claims the ring.
 */
export class StartedThread implements Port {
  readonly #data: Portless<ReceiverData | ThreadData>;
  readonly #fate: Fate;
  readonly #limits: ThreadLimits | undefined;
  readonly #ports: MessagePort[] = [];
  #handle: ((message: unknown) => void) | undefined;
  /** Messages sent before it ran, for another start; undefined once there is none. */
  #early: unknown[] | undefined = [];
  #worker: Worker;
  #again = runtime === 'node';

  constructor(data: Portless<ReceiverData | ThreadData>, fate: Fate, limits?: ThreadLimits) {
    this.#data = data;
    this.#fate = fate;
    this.#limits = limits;
    this.#worker = this.#start(folderIsGone());
  }

  postMessage(message: unknown): void {
    if (this.#early && Ring.isClaimed(this.#data.ring)) this.#early = undefined;
    this.#early?.push(message);
    for (const port of this.#ports) port.postMessage(message);
  }

  listen(handle: (message: unknown) => void): void {
    this.#handle = handle;
    for (const port of this.#ports) listen(port, handle);
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }

  insist(): void {
    if (this.#again && !Ring.isClaimed(this.#data.ring) && folderIsGone()) this.#restart();
  }

  /** Ends the thread, whatever it runs; `done` is called when it has ended. */
  terminate(done: () => void): void {
    this.#again = false;
    this.#worker.once('exit', done);
    void this.#worker.terminate();
  }

  #restart(): void {
    this.#again = false;
    try {
      this.#worker = this.#start(true);
    } catch (error) {
      this.#fate.failed(error as Error);
    }
  }

  #start(isGone: boolean): Worker {
    if (Deno && isGone) throw new Error(NO_FOLDER);
    const { Worker, SHARE_ENV } = builtin('node:worker_threads');
    const { port1, port2 } = messageChannel();
    const options: WorkerOptions = {
      eval: true,
      env: SHARE_ENV as unknown as NodeJS.ProcessEnv,
      // it prints by itself: that Node does not connect its streams to the main thread's halves the cost of making it
      stdout: true,
      stderr: true,
      workerData: { ...this.#data, port: port2 },
      transferList: [port2],
      resourceLimits: this.#data.role === 'receiver' ? OF_RECEIVER : resourceLimits(this.#limits),
      ...(runtime === 'node' && isGone && { execArgv: ['--require', preload()] }),
    };
    const worker = new Worker(NODE_STUB, options);
    let runs = false;
    worker.once('online', () => {
      runs = true;
    });
    worker.on('error', (error) => {
      const folder = !runs && (error as NodeJS.ErrnoException).syscall === 'uv_cwd';
      if (folder && this.#again) this.#restart();
      else if (!folder || worker === this.#worker) {
        const unstarted = Deno && !Ring.isClaimed(this.#data.ring) && folderIsGone();
        this.#fate.failed(unstarted ? new Error(NO_FOLDER) : error);
      }
    });
    worker.on('exit', () => {
      if (worker === this.#worker) this.#fate.exited?.();
    });
    if (this.#handle) listen(port1, this.#handle);
    for (const message of this.#early ?? []) port1.postMessage(message);
    this.#ports.push(port1);
    return worker;
  }
}

/** Node asks for the working folder when a thread starts, and the thread ends if there is none: here is a module that answers. It removes itself. */
function preload(): string {
  const { mkdtempSync, writeFileSync } = builtin('node:fs');
  const folder = mkdtempSync(`${builtin('node:os').tmpdir()}/execnet-`);
  const file = `${folder}/cwd.cjs`;
  writeFileSync(file, PRELOAD);
  return file;
}

/** It keeps next to nothing: while ten thousand executions wait, V8 would let what is young grow by 10 MiB for them. */
const OF_RECEIVER: ResourceLimits = { maxYoungGenerationSizeMb: 3 };

function resourceLimits({ heap, stack }: ThreadLimits = {}): ResourceLimits {
  return {
    ...(heap !== undefined && { maxOldGenerationSizeMb: heap }),
    ...(stack !== undefined && { stackSizeMb: stack }),
  };
}
