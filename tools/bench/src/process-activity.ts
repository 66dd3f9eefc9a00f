import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';

/** The files, pipes and sockets that a process has open, by their descriptors. */
function descriptors(pid: number): string {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder)
      .map((fd) => `${fd} ${readlinkSync(`${folder}/${fd}`)}`)
      .join(', ');
  } catch {
    return 'is gone';
  }
}

/** What a process and all that it has started do: where in the system each of their threads is, and what they have open. For a person. */
export function activityOf(pid: number): string {
  const { stdout } = spawnSync('ps', ['-ewwLo', 'pid,ppid,pgid,lwp,stat,wchan:24,args'], {
    encoding: 'utf8',
  });
  const family = new Set([pid]);
  const lines: string[] = [];
  // parents come before their children, except where numbers begin anew
  for (let size = 0; size < family.size; ) {
    size = family.size;
    lines.length = 0;
    for (const line of stdout.split('\n')) {
      const [own, parent] = line.trim().split(/\s+/, 2).map(Number) as [number, number];
      if (family.has(parent)) family.add(own);
      if (family.has(own)) lines.push(line.slice(0, 160));
    }
  }
  return [...lines, ...[...family].map((one) => `${one}: ${descriptors(one)}`)].join('\n');
}
