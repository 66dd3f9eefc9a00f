import { builtin, runtime } from './runtime.ts';

type Process = { execArgv: string[]; argv: string[]; mainModule?: unknown };

type Main = { filename?: string };

/** `Worker` of `node:worker_threads`, and the web's on Bun. */
type WorkerClass = new (file: unknown, options?: { execArgv?: unknown }) => object;

/**
 * Hides how the interpreter was started: what starts others with `process.execArgv`, as `child_process.fork` does, would start a loader that waits
 * for a local end. Code sees what a script sees: the options that the interpreter was given, and a main module,
 * whose place is the second word of the command line.
 */
export function lookLikeScript(): void {
  const seen = process as unknown as Process;
  const { execArgv, argv } = seen;
  const loader = execArgv.lastIndexOf('-e');
  if (loader >= 0) execArgv.splice(loader, 2);
  if (runtime === 'deno') return;
  const { module, require } = globalThis as unknown as { module: Main; require: { main?: Main | undefined } };
  if (runtime === 'node') {
    // fork() would take away what it does not find any more
    Reflect.deleteProperty(process, '_eval');
    seen.mainModule = module;
    require.main = module;
  }
  // modules compare their own file with it, to see whether they are the program; threads have a word for where their code comes from
  argv.splice(1, argv.length, require.main?.filename ?? '[eval]');
}

/**
 * The same for threads that remote code makes, on Node and Bun: theirs is a copy of the options that the process was started with, whatever `process.execArgv`
 * says by then. With options given, a thread may have those of threads only; so where the interpreter was started with others, they see all.
 */
export function workersLookLikeScripts(): void {
  if (runtime === 'deno' || process.execArgv.length > 0) return;
  const threads = builtin('node:worker_threads') as unknown as { Worker: WorkerClass };
  threads.Worker = withoutOptions(threads.Worker);
  if (runtime !== 'bun') return;
  const web = globalThis as unknown as { Worker: WorkerClass };
  web.Worker = withoutOptions(web.Worker);
}

/** What a further thread was given is our matter; code finds what the main thread has there. */
export function hideThreadData(): void {
  (builtin('node:worker_threads') as { workerData: unknown }).workerData = null;
}

function withoutOptions(own: WorkerClass): WorkerClass {
  const changed: WorkerClass = new Proxy(own, {
    construct(target, [file, options], made) {
      const given = options?.execArgv === undefined ? { ...options, execArgv: [] } : options;
      return Reflect.construct(target, [file, given], made === changed ? target : made);
    },
  });
  return changed;
}
