import fs from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {string} command its arguments, or what it calls itself
 */

/** The environment variable by which the processes behind a server are known after their parents have ended. */
export const hostVariable = 'EXECNET_TEST_HOST';

/** What was killed is gone within milliseconds; this is for a machine that stalls. */
const goneLimitMilliseconds = 10_000;

/** @param {string} file */
function contentOf(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // Gone meanwhile, or somebody else's.
    return '';
  }
}

/** The processes that run, zombies left out: where process 1 does not reap, those stay for ever. */
function runningProcesses() {
  return fs.readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    // The name stands in brackets and may contain anything, so that the last bracket counts.
    const [, state = 'X', parent] = /\) (\S) (\d+) [^)]*$/.exec(contentOf(`/proc/${entry}/stat`)) ?? [];
    return 'ZX'.includes(state) ? [] : [{ pid: Number(entry), parent: Number(parent) }];
  });
}

/** @param {number} pid */
export const isRunning = (pid) => /^State:\s+[^ZX]/m.test(contentOf(`/proc/${pid}/status`));

/** @param {number} pid */
const commandOf = (pid) => contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();

/** @param {number} pid */
function stderrOf(pid) {
  try {
    return fs.readlinkSync(`/proc/${pid}/fd/2`);
  } catch {
    return undefined;
  }
}

/**
 * The processes behind a server: what descends from it, what carries its mark, and what writes to its log. Something
 * whose parent has ended belongs to process 1, and only the environment that it was started with says where it comes
 * from; the server's own children hide theirs behind what they call themselves, but go on with its log.
 *
 * @param {number | undefined} root the server, which is not among them; undefined if it has ended
 * @param {string} mark value of the variable
 * @param {string} log
 * @returns {Process[]}
 */
export function familyOf(root, mark, log) {
  const all = runningProcesses();
  const isMarked = (/** @type {number} */ pid) =>
    contentOf(`/proc/${pid}/environ`).split('\0').includes(`${hostVariable}=${mark}`);
  const family = new Set(all.map(({ pid }) => pid).filter((pid) => stderrOf(pid) === log || isMarked(pid)));
  if (root !== undefined) family.add(root);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all
    .filter(({ pid }) => pid !== root && family.has(pid))
    .map((one) => ({ ...one, command: commandOf(one.pid) }));
}

/**
 * @param {number} parent
 * @returns {number[]}
 */
export function childrenOf(parent) {
  return runningProcesses()
    .filter((one) => one.parent === parent)
    .map(({ pid }) => pid);
}

/** @param {number} pid @param {NodeJS.Signals} name */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/**
 * Waits until none of these runs.
 *
 * @param {Iterable<number>} pids
 * @throws {Error} if some still do after ten seconds
 */
async function allGone(pids) {
  const deadline = performance.now() + goneLimitMilliseconds;
  for (;;) {
    const left = [...pids].filter(isRunning);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`processes do not end: ${left.join(', ')}`);
    // Nothing tells of the end of a process that is not one's own child.
    await after(15);
  }
}

/**
 * Ends the processes that `find` finds; when it resolves, none of them runs. They are stopped first, until no new
 * ones turn up: one that is killed while another is looked for could leave a child that nobody finds.
 *
 * @param {() => readonly number[] | Promise<readonly number[]>} find
 */
export async function endAll(find) {
  /** @type {Set<number>} */
  const found = new Set();
  for (;;) {
    const fresh = (await find()).filter((pid) => !found.has(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) {
      signal(pid, 'SIGSTOP');
      found.add(pid);
    }
  }
  for (const pid of found) signal(pid, 'SIGKILL');
  await allGone(found);
}
