import { readFileSync } from 'node:fs';

const KIBIBYTE = 1024;

/** A field of /proc/PID/FILE that the kernel counts in KiB, in bytes; undefined where there is none. */
function field(pid: number, file: string, name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
  const found = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * KIBIBYTE;
}

/** Memory of a process that is in RAM, what it shares with others counted whole. */
export const residentSize = (pid: number): number | undefined => field(pid, 'status', 'VmRSS');

/** The most of it that the process has had. */
export const peakSize = (pid: number): number | undefined => field(pid, 'status', 'VmHWM');

/** What is in RAM, with its proportional part of what is shared: what one more such process costs. */
export const proportionalSize = (pid: number): number | undefined => field(pid, 'smaps_rollup', 'Pss');
