import { builtin, kill, pid } from './runtime.ts';

/**
 * Ends the process now and for certain, from any thread, and its child processes with it: its process group if it leads one, else the
 * descendants that can be found.
 */
export function endProcess(): void {
  try {
    if (leadsGroup(pid)) kill(-pid, 'SIGKILL');
    else endChildren();
  } finally {
    kill(pid, 'SIGKILL');
  }
}

/** What is forked while others are killed is found at the next look; more looks than that would chase something that never stops forking. */
const LOOKS = 5;

/**
 * Ends the child processes, and lets this process go on to its own end. For an exit that nobody watches: otherwise the local end sees to what
 * an interpreter leaves behind.
 */
export function endChildren(): void {
  for (let look = 0; look < LOOKS; look++) {
    const left = leadsGroup(pid) ? otherMembers(pid) : descendants(pid);
    if (left.length === 0) return;
    for (const child of left) killQuietly(child);
  }
}

function killQuietly(pid: number): void {
  try {
    kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

interface Stat {
  readonly alive: boolean;
  readonly parent: number;
  readonly group: number;
}

/** Fields of `/proc/PID/stat` after the name, which may hold anything: state, parent, group. */
function stat(pid: number | string): Stat | undefined {
  try {
    const text = builtin('node:fs').readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { alive: state !== 'Z' && state !== 'X', parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

function leadsGroup(pid: number): boolean {
  const own = stat(pid);
  if (own) return own.group === pid;
  try {
    // no /proc: a group with this number exists only if this process made it
    kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Every process that /proc shows, with what is known of it; none where there is no /proc. */
function processes(): Map<number, Stat> {
  const found = new Map<number, Stat>();
  let names: string[];
  try {
    names = builtin('node:fs').readdirSync('/proc');
  } catch {
    return found;
  }
  for (const name of names) {
    const one = /^\d+$/.test(name) ? stat(name) : undefined;
    if (one) found.set(Number(name), one);
  }
  return found;
}

function otherMembers(group: number): number[] {
  return [...processes()]
    .filter(([pid, one]) => one.alive && one.group === group && pid !== group)
    .map(([pid]) => pid);
}

/** Children stand before their parents: one whose parent is killed first would be nobody's, and not be found by another thread that looks too. */
function descendants(root: number): number[] {
  const all = processes();
  const children = new Map<number, number[]>();
  for (const [pid, { parent }] of all) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const own = children.get(pid) ?? [];
    found.push(...own.filter((child) => all.get(child)?.alive));
    open.push(...own);
  }
  return found.reverse();
}
