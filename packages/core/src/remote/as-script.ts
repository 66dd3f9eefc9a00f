import { runtime } from './runtime.ts';

type Process = { execArgv: string[]; argv: string[]; mainModule?: unknown };

/**
 * Hides how the interpreter was started: what starts others with `process.execArgv`, as `child_process.fork` does, would start a loader that waits
 * for a local end. Code sees what a script sees: the options that the interpreter was given, and a main module.
 */
export function lookLikeScript(): void {
  const seen = process as unknown as Process;
  const { execArgv, argv } = seen;
  const loader = execArgv.lastIndexOf('-e');
  if (loader >= 0) execArgv.splice(loader, 2);
  // threads have a word for where their code comes from
  argv.splice(1);
  if (runtime !== 'node') return;
  // fork() would take away what it does not find any more
  Reflect.deleteProperty(process, '_eval');
  const { module, require } = globalThis as unknown as { module: unknown; require: { main?: unknown } };
  seen.mainModule = module;
  require.main = module;
}
