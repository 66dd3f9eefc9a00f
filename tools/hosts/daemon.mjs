import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { program } from './command.mjs';
import { childrenOf, endAll, familyOf, hostVariable } from './processes.mjs';

/**
 * @typedef {import('./processes.mjs').Process} Process
 *
 * @typedef {object} Daemon
 * @property {number} pid
 * @property {() => number[]} connections the processes that serve a connection, one for each
 * @property {() => Process[]} processes everything behind it that runs, also what its parents left; without itself
 * @property {() => Promise<void>} stop ends it and all those; idempotent
 *
 * @typedef {object} DaemonOptions
 * @property {string} folder its private one, removed if this program dies; its name marks the processes
 * @property {string} log file that stdout and stderr go to
 * @property {string} pidFile file that it writes when it listens
 * @property {NodeJS.ProcessEnv} env
 */

/** A daemon listens within milliseconds; this is for a machine that stalls. */
const startLimitMilliseconds = 20_000;

/**
 * What makes the processes behind a server known: to the server, and to the runner of the test files.
 *
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function marksOf(folder) {
  const run = process.env['EXECNET_TEST_RUN'];
  return { [hostVariable]: path.basename(folder), ...(run === undefined ? {} : { EXECNET_TEST_RUN: run }) };
}

/**
 * Waits for the end of the program that started it, however that comes; then ends the daemon, what the mark tells to
 * be behind it, and removes its folder. The pid may be another's by then; the arguments tell.
 */
const watch = `read -r line
grep -qsF "$2" "/proc/$1/cmdline" && kill "$1"
for file in $(grep -lsF "$3" /proc/[0-9]*/environ); do
  pid=\${file#/proc/}
  kill -9 "\${pid%/environ}"
done
rm -rf -- "$2"`;

/**
 * Makes sure that nothing is left if this program dies.
 *
 * @param {number} pid
 * @param {string} folder
 * @returns {() => Promise<void>} ends the watch
 */
function guard(pid, folder) {
  const mark = `${hostVariable}=${path.basename(folder)}`;
  const watcher = spawn(program('sh'), ['-c', watch, 'sh', String(pid), folder, mark], {
    // What ends this program may end its whole process group.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(watcher, 'exit');
  doNotWaitFor(watcher);
  return async () => {
    watcher.ref();
    watcher.kill('SIGKILL');
    await exited;
  };
}

/**
 * A program that forgets to stop it ends nevertheless, and what is left is ended then.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function doNotWaitFor(child) {
  child.unref();
  const stdin = /** @type {{ unref?: () => void } | null} */ (child.stdin);
  stdin?.unref?.();
}

/**
 * Starts a daemon that stays in the foreground and forks a process for each connection. Resolves when it listens.
 *
 * @param {readonly string[]} words program, absolute, and arguments, `folder` in one of them
 * @param {DaemonOptions} options
 * @returns {Promise<Daemon>}
 * @throws {Error} with its log, if it ends before
 */
export async function startDaemon([file = '', ...args], { folder, log, pidFile, env }) {
  const output = fs.openSync(log, 'a');
  const child = spawn(file, args, { env, stdio: ['ignore', output, output] });
  fs.closeSync(output);
  const { pid } = child;
  if (pid === undefined) throw new Error(`can't start ${file}`, { cause: (await once(child, 'error'))[0] });
  const exited = once(child, 'exit');
  doNotWaitFor(child);
  const endGuard = guard(pid, folder);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const family = () => familyOf(isOver() ? undefined : pid, path.basename(folder), log);
  /** @type {Promise<void> | undefined} */
  let stopped;
  const stop = () => {
    stopped ??= (async () => {
      child.ref();
      await endAll(() => [...(isOver() ? [] : [pid]), ...family().map((one) => one.pid)]);
      await exited;
      await endGuard();
    })();
    return stopped;
  };
  const deadline = performance.now() + startLimitMilliseconds;
  // It writes its pid when it has bound its sockets; nothing else tells without a connection that the log would show.
  while (!fs.existsSync(pidFile) && !isOver() && performance.now() < deadline) await after(5);
  if (isOver() || !fs.existsSync(pidFile)) {
    await stop();
    throw new Error(`${[file, ...args].join(' ')} does not listen:\n${fs.readFileSync(log, 'utf8')}`);
  }
  return { pid, connections: () => childrenOf(pid), processes: family, stop };
}
