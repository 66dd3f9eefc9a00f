import { spawn } from 'node:child_process';
import { setTimeout as after } from 'node:timers/promises';
import { root } from './root.mjs';

/**
 * @typedef {object} Outcome
 * @property {boolean} ok exit code 0, and in time
 * @property {string} ending how it ended, in words: `exit code 1`, `SIGKILL`, `still running after 240 s`
 * @property {string} output stdout and stderr, in the order in which they arrived
 * @property {number} seconds
 *
 * @typedef {object} RunOptions
 * @property {string} [cwd] the repository
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [limit] seconds after which it is ended; with `heard` counted from the last time that it returned true
 * @property {(text: string) => boolean} [heard] is given the output as it comes
 * @property {() => Promise<void>} [exited] called when it has exited, before what is left of its group is ended
 */

/** The groups of this program's own children, by the id of their leader, for the way out. @type {Set<number>} */
const running = new Set();

/**
 * Ends one process group that this program started.
 *
 * @param {number} leader
 */
function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}

// The children lead groups of their own, so the terminal's Ctrl-C does not reach them.
process.on('exit', () => {
  for (const leader of running) killGroup(leader);
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** Output that was written before the exit is there at once; this only has to outlast a busy machine. */
const drainMilliseconds = 2000;

/**
 * Runs a command to its end, without stdin, in a process group of its own; never rejects. What it leaves behind in
 * its group is ended. What left the group and holds its output open delays the result by two seconds at most.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export async function run(file, args, { cwd = root, env = process.env, limit, heard, exited } = {}) {
  const start = performance.now();
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (heard?.(text)) timer?.refresh();
    });
  }
  const closed = new Promise((resolve) => child.once('close', resolve));
  /** @type {Promise<Error | undefined>} */
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', () => resolve(undefined));
  });
  const { pid } = child;
  if (pid === undefined) {
    const error = await ended;
    return { ok: false, ending: error?.message ?? 'did not start', output, seconds: 0 };
  }
  running.add(pid);
  let late = false;
  if (limit !== undefined)
    timer = setTimeout(() => {
      late = true;
      killGroup(pid);
    }, limit * 1000);
  await ended;
  clearTimeout(timer);
  const seconds = (performance.now() - start) / 1000;
  await exited?.();
  killGroup(pid);
  running.delete(pid);
  await Promise.race([closed, after(drainMilliseconds, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  const { exitCode, signalCode } = child;
  const ending = late ? `still running after ${limit} s` : (signalCode ?? `exit code ${exitCode}`);
  return { ok: exitCode === 0 && !late, ending, output, seconds };
}
