import { builtin } from '../runtime.ts';

/**
 * Does what `chdir=`, `nice=` and `env:` of execnet ask for, given the tuple that `makegateway` sends: folder or None, increment of the niceness or 0,
 * dict of variables. The folder is made if it is missing. Throws what the system says.
 *
 * Only the main thread can enter a folder, and threads that it makes afterwards get its niceness: so it has to be done before there are others.
 */
export function configure(loaded: unknown): void {
  if (!Array.isArray(loaded) || loaded.length !== 3)
    throw new TypeError('the configuration of a gateway is a tuple of folder, niceness and variables');
  const [folder, increment, variables] = loaded as [unknown, unknown, unknown];
  if (typeof folder === 'string' && folder !== '') enter(folder);
  if (typeof increment === 'number' && increment !== 0) beNicer(increment);
  for (const [name, value] of Object.entries(variables ?? {})) process.env[name] = String(value);
}

function enter(folder: string): void {
  builtin('node:fs').mkdirSync(folder, { recursive: true });
  process.chdir(folder);
}

function beNicer(increment: number): void {
  const os = builtin('node:os');
  const niceness = Math.max(-20, Math.min(19, os.getPriority(0) + increment));
  for (const thread of ownThreads()) os.setPriority(thread, niceness);
}

/** On Linux a priority is that of a thread, and an interpreter has some before it runs anything; 0 is this one. */
function ownThreads(): number[] {
  try {
    return builtin('node:fs').readdirSync('/proc/self/task').map(Number);
  } catch {
    return [0];
  }
}
