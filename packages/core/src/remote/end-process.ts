import { builtin } from './runtime.ts';

/**
 * Ends the process now and for certain, from any thread, and its child processes with it: its process group if it leads one, else the
 * descendants that can be found.
 */
export function endProcess(): void {
  const { pid } = process;
  try {
    if (leadsGroup(pid)) process.kill(-pid, 'SIGKILL');
    else for (const child of descendants(pid)) killQuietly(child);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** Fields of `/proc/PID/stat` after the name, which may hold anything: state, parent, group. */
function stat(pid: number | string): { parent: number; group: number } | undefined {
  try {
    const text = builtin('node:fs').readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

function leadsGroup(pid: number): boolean {
  const own = stat(pid);
  if (own) return own.group === pid;
  try {
    // no /proc: a group with this number exists only if this process made it
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  let names: string[];
  try {
    names = builtin('node:fs').readdirSync('/proc');
  } catch {
    return [];
  }
  for (const name of names) {
    const found = /^\d+$/.test(name) ? stat(name) : undefined;
    if (found) children.set(found.parent, [...(children.get(found.parent) ?? []), Number(name)]);
  }
  const all: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const own = children.get(pid) ?? [];
    all.push(...own);
    open.push(...own);
  }
  return all;
}
