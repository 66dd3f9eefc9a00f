import { spawn } from 'node:child_process';
import { ConnectError, clock } from '@execnet/core/plugin';
import type { Place } from './config-error.ts';

const { clearTimeout, setTimeout } = clock;

/** Long enough for a look at the network, and short enough that a command which waits for input can't hang a program. */
const PATIENCE_MS = 30_000;

/**
 * Tells whether a command succeeds, run by the user's shell with neither input nor output, as OpenSSH runs `Match exec`.
 * It is an error if it can't be run, is killed, or takes longer than half a minute; then it is killed with all that it started.
 */
export function runInShell(
  command: string,
  env: NodeJS.ProcessEnv,
  place: Place,
  patience: number = PATIENCE_MS,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const shell = env['SHELL'] || '/bin/sh';
    // a group of its own, so that what the command started can be killed with it
    const child = spawn(shell, ['-c', command], { stdio: 'ignore', env, detached: true });
    const timer = setTimeout(() => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {
        // it has just ended
      }
      reject(failed(place, command, `it took longer than ${patience / 1000} s`));
    }, patience);
    // more than one may come
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(failed(place, command, `${shell} can't be started: ${error.message}`, error));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (code === null) reject(failed(place, command, `it was ended by ${signal}`));
      else resolve(code === 0);
    });
  });
}

function failed(place: Place, command: string, why: string, cause?: unknown): ConnectError {
  return new ConnectError(
    'ERR_EXECNET_SSH_CONFIG',
    `${place.text}: the command ${JSON.stringify(command)} of Match exec failed: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
