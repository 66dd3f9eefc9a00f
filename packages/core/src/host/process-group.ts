import { readdirSync, readFileSync } from 'node:fs';

/** Kills a process group; whatever of it is gone already is no error. True if there was anything to kill. */
export function killGroup(group: number): boolean {
  try {
    process.kill(-group, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** The processes of a group that still run. Zombies do not: they wait for a parent that may never look. */
export function livingMembers(group: number): number[] {
  try {
    process.kill(-group, 0);
  } catch {
    return [];
  }
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    // no /proc: the group exists, and its number is all there is to say
    return [group];
  }
  return names.filter((name) => /^\d+$/.test(name) && isLivingMember(name, group)).map(Number);
}

function isLivingMember(pid: string, group: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name in parentheses may hold anything
    const [state, , own] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(own) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
