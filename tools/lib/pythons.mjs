import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chosenNames, narrowed } from './chosen.mjs';
import { inRoot } from './root.mjs';

/**
 * @typedef {object} Python a remote end; no local one
 * @property {string} name `python-3.11`, `pypy-3.9`, `jython-2.7`; unique in the list
 * @property {'python'} kind
 * @property {'cpython' | 'pypy' | 'jython'} runtime
 * @property {string} path absolute
 * @property {string} version of the language, `3.11`
 */

/** The versions that a remote end runs on. Debian's package has one of them; the others are tried where the machine has them. */
const versions = ['2.7', '3.6', '3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13'];

/** Jython is slow to start, and no other version of it is new enough. */
const jythonVersion = '2.7';

/** Whether remote ends are meant to run on it; what is newer is tried. @param {string} version */
function isSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 6) || version === '2.7';
}

/** @param {string} file */
function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

const pyenv = process.env['PYENV_ROOT'] || path.join(os.homedir(), '.pyenv');

/** The first program of that name on PATH; those of pyenv only look for the real one, slowly. @param {string} name */
function onPath(name) {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((part) => path.isAbsolute(part) && path.basename(part) !== 'shims')
    .map((part) => path.join(part, name))
    .find(isProgram);
}

/** @param {string} file */
function versionOf(file) {
  try {
    const said = execFileSync(file, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return said.trim();
  } catch {
    return undefined;
  }
}

/** @param {Python['runtime']} runtime @param {string | undefined} file @param {string | undefined} version @returns {Python[]} */
function pythonOf(runtime, file, version) {
  if (file === undefined || version === undefined) return [];
  const name = `${runtime === 'cpython' ? 'python' : runtime}-${version}`;
  return [{ name, kind: 'python', runtime, path: file, version }];
}

/** The system's own: what a bare `python3` starts on a machine without version managers. */
function systemPython() {
  const file = isProgram('/usr/bin/python3') ? '/usr/bin/python3' : onPath('python3');
  return file === undefined ? [] : pythonOf('cpython', file, versionOf(file));
}

/** One of each version that pyenv has. @returns {Python[]} */
function pyenvPythons() {
  const folder = path.join(pyenv, 'versions');
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  // 3.9 before 3.10
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return names.flatMap((name) => {
    const file = path.join(folder, name, 'bin', 'python');
    const version = /^(\d+\.\d+)\.\d+$/.exec(name)?.[1];
    return isProgram(file) ? pythonOf('cpython', file, version) : [];
  });
}

/** The program that starts Jython: where Debian's is installed one of ours, which takes half the time. */
function jython() {
  const isDebian = fs.existsSync('/usr/share/java/jython.jar') && onPath('java') !== undefined;
  return isDebian ? inRoot('tools', 'hosts', 'jython') : onPath('jython');
}

/** @returns {Python[]} */
function allPythons() {
  const pypy = onPath('pypy3');
  const found = [
    ...systemPython(),
    ...pyenvPythons(),
    ...versions.flatMap((version) => pythonOf('cpython', onPath(`python${version}`), version)),
    ...(pypy === undefined ? [] : pythonOf('pypy', pypy, versionOf(pypy))),
    ...pythonOf('jython', jython(), jythonVersion),
  ];
  const names = new Set();
  return found.filter(({ name, version }) => isSupported(version) && !names.has(name) && names.add(name));
}

/**
 * The Pythons that the tests may use as remote ends: Debian's CPython, PyPy and Jython, and what else this machine has, the system's first; each
 * name once. EXECNET_TEST_INTERPRETERS narrows the list; where it names none of them, it is empty.
 *
 * @returns {Python[]}
 */
export function pythons() {
  const found = allPythons();
  const chosen = chosenNames('python');
  return chosen === undefined ? found : narrowed(found, chosen);
}

/** The versions that a remote end runs on and that this machine has not. No fault: nothing installs them. @returns {import('./set-up.mjs').Missing[]} */
export function missingPythons() {
  if (chosenNames('python') !== undefined) return [];
  const found = new Set(allPythons().map(({ name }) => name));
  return versions
    .map((version) => `python-${version}`)
    .filter((name) => !found.has(name))
    .map((name) => ({ name, reason: 'this machine has none; where pyenv has it, it is tried' }));
}
