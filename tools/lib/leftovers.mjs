import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

/** The environment variable by which the processes that a test file started are known, wherever they moved. */
const variable = 'EXECNET_TEST_RUN';

/** A remote end may outlive its local end by two seconds, and a busy machine stretches that. */
const graceMilliseconds = 6000;

/**
 * What a test file starts inherits this.
 *
 * @param {string} token unique
 */
export const marked = (token) => ({ [variable]: token });

/**
 * The living processes that carry the mark. A zombie has no environment, so it is not among them. Only Linux tells;
 * elsewhere the list is empty.
 *
 * @param {string} token
 */
function processesMarked(token) {
  if (process.platform !== 'linux') return [];
  return fs.readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const environment = fs.readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
      if (!environment.includes(`${variable}=${token}`)) return [];
      const command = fs.readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200);
      return [{ pid: Number(entry), command }];
    } catch {
      // Gone meanwhile, or somebody else's.
      return [];
    }
  });
}

/**
 * The processes that outlive the test file which started them, after the time that they may take to end. They are
 * ended here, each by its id.
 *
 * @param {string} token
 * @returns {Promise<string[]>} a line for each
 */
export async function endLeftProcesses(token) {
  const deadline = performance.now() + graceMilliseconds;
  let left = processesMarked(token);
  while (left.length > 0 && performance.now() < deadline) {
    await after(50);
    left = processesMarked(token);
  }
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended at the last moment.
    }
  }
  return left.map(({ pid, command }) => `process ${pid} was left running: ${command}`);
}

/**
 * A temporary folder for one test file, to see what it leaves there.
 *
 * @param {string} parent
 * @param {string} cache the compiler's cache, which would be a leftover, and cold for each file
 */
export function temporaryFolder(parent, cache) {
  const folder = fs.mkdtempSync(path.join(parent, 't'));
  const name = `tsx-${process.getuid?.() ?? ''}`;
  fs.symlinkSync(cache, path.join(folder, name));
  return {
    folder,
    /** Removes the folder; the lines say what was in it. */
    remove: () => {
      const left = fs.readdirSync(folder).filter((entry) => entry !== name);
      fs.rmSync(folder, { recursive: true, force: true });
      return left.map((entry) => `a temporary file was left: ${entry}`);
    },
  };
}
