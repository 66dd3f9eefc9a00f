import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Where daemons and what configures a network lie; the PATH of an ordinary user does not name it. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * The absolute path of a program of this system.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((part) => path.isAbsolute(part));
  return [...folders, ...systemFolders]
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

/**
 * The same for one that must be there.
 *
 * @param {string} name
 * @throws {Error} if it is not
 */
export function program(name) {
  const file = findProgram(name);
  if (file === undefined) throw new Error(`there is no ${name} on this machine`);
  return file;
}

/**
 * Runs a program to its end.
 *
 * @param {string} name
 * @param {readonly string[]} args
 * @param {string} [input] its stdin
 * @returns {Promise<string>} its stdout
 * @throws {Error} with what it said, if it fails
 */
export async function command(name, args, input = '') {
  const child = spawn(program(name), args, { stdio: 'pipe' });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  // It may end without having read its input; its exit code tells what that means.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  /** @type {number | NodeJS.Signals | null} */
  const ending = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (ending === 0) return output;
  throw new Error(`${name} ${args.join(' ')} ended with ${ending}: ${(complaint || output).trim()}`);
}
