import { execFile } from 'node:child_process';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { ConnectError } from '../errors/index.ts';

/** POSIX has no niceness below this one, and takes it for all that lie below. */
const LOWEST = -20;

/**
 * Makes sure that the niceness can be had: `nice` warns when a privilege is missing, and then starts the program as it is. Without a program
 * it prints the niceness that it has reached (POSIX leaves that open; GNU, busybox and BSD do so).
 */
export async function checkNiceness(nice: number): Promise<void> {
  // anybody may be nicer
  if (nice >= 0) return;
  const wanted = Math.max(LOWEST, getPriority() + nice);
  let cause: unknown;
  try {
    const { stdout } = await promisify(execFile)('nice', ['-n', String(nice), 'nice']);
    if (Number(stdout) === wanted) return;
  } catch (error) {
    cause = error;
  }
  throw new ConnectError(
    'ERR_EXECNET_NICE',
    `nice=${nice} needs a privilege that this program does not have: a niceness of ${wanted} can't be reached`,
    { cause },
  );
}
