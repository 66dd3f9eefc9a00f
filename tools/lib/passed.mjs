import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { debianPackages } from './debian.mjs';
import { inRoot } from './root.mjs';

/**
 * @typedef {import('./combinations.mjs').Machine} Machine
 * @typedef {import('./combinations.mjs').Tier} Tier
 * @typedef {import('./run-batch.mjs').Result} Result
 * @typedef {import('./test-plan.mjs').Plan} Plan
 *
 * @typedef {object} Remembered what a test file did when it last ran
 * @property {string} inputs a hash of everything that it depends on
 * @property {Pick<Result, 'passed' | 'skipped' | 'reasons' | 'tried' | 'seconds'>} [result] if it passed
 * @property {number} seconds
 */

/** The file that keeps it. `npm run clean` removes it, and a fresh clone has none. */
const file = inRoot('.cache', 'tests.json');

/** @param {string} folder relative to the repository @returns {string[]} files, generated ones left out */
function filesBelow(folder) {
  if (!fs.existsSync(inRoot(folder))) return [];
  return fs
    .readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((name) => !/\/(node_modules|dist|generated|\.cache)\//.test(name))
    .sort();
}

/** The packages whose sources a package depends on, itself included. @param {string} name of its folder @returns {Set<string>} */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const manifest = JSON.parse(fs.readFileSync(inRoot('packages', name, 'package.json'), 'utf8'));
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
    const own = dependency.replace('@execnet/', '');
    if (fs.existsSync(inRoot('packages', own, 'package.json'))) closure(own, found);
  }
  return found;
}

/** Tests that hold the documentation against the sources, or run it. @param {string} name */
const readsDocumentation = (name) => /(^|\/)(docs|protocol)\.test\.ts$/.test(name);

/**
 * Tells which test files need not be run again on this machine, because nothing that they depend on has changed since they passed: the sources of their packages, what helps
 * tests, the file itself, the tools, the interpreters and the system's packages.
 */
export class Passed {
  /** @type {Record<string, Remembered>} */
  #remembered = {};
  /** @type {Map<string, string>} */
  #hashes = new Map();
  #world;

  /** @param {Machine} machine @param {Tier} tier */
  constructor({ main, others, remotes, pythons }, tier) {
    this.tier = tier;
    try {
      this.#remembered = JSON.parse(fs.readFileSync(file, 'utf8'));
    } catch {
      // Nothing has run here yet.
    }
    const asked = spawnSync('dpkg-query', ['-W', ...debianPackages], { encoding: 'utf8' });
    const interpreters = [main, ...others, ...remotes, ...pythons].map(({ name, path: program, version }) => {
      const { size, mtimeMs } = fs.statSync(program);
      return [name, program, version, size, mtimeMs];
    });
    this.#world = JSON.stringify([process.version, interpreters, asked.stdout ?? '']);
  }

  /** The seconds that a file took when it last ran here. @param {Plan} plan */
  secondsOf(plan) {
    return this.#remembered[this.#key(plan)]?.seconds;
  }

  /** The result of a file that passed and would do the same again. @param {Plan} plan @returns {Remembered['result']} */
  resultOf(plan) {
    const known = this.#remembered[this.#key(plan)];
    return known?.inputs === this.#inputsOf(plan) ? known.result : undefined;
  }

  /** @param {Plan} plan @param {Result} result */
  remember(plan, { passed, failed, skipped, reasons = [], tried = [], seconds }) {
    const entry = { inputs: this.#inputsOf(plan), seconds };
    const result = { passed, skipped, reasons, tried, seconds };
    this.#remembered[this.#key(plan)] = failed === 0 ? { ...entry, result } : entry;
  }

  /** Keeps it for the next run. */
  save() {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}`;
    fs.writeFileSync(temporary, JSON.stringify(this.#remembered));
    fs.renameSync(temporary, file);
  }

  /** @param {Plan} plan */
  #key({ name }) {
    return `${this.tier} ${name}`;
  }

  /** @param {Plan} plan */
  #inputsOf({ file: name }) {
    const [, owner = ''] = name.split(path.sep);
    const packages = [...closure(owner)].sort();
    const inputs = [
      ...packages.flatMap((one) => [
        this.#treeOf(path.join('packages', one, 'src')),
        this.#treeOf(path.join('packages', one, 'bin')),
        this.#hashOf(inRoot('packages', one, 'package.json')),
        this.#hashOf(inRoot('packages', one, 'build.mjs')),
      ]),
      this.#helpersOf(path.join('packages', owner, 'test')),
      this.#hashOf(inRoot(name)),
      this.#treeOf(path.join('tools', 'lib')),
      this.#treeOf(path.join('tools', 'hosts')),
      this.#hashOf(inRoot('package-lock.json')),
      this.#hashOf(inRoot('tsconfig.base.json')),
      readsDocumentation(name) ? this.#documentation() : '',
    ];
    return createHash('sha256').update(this.#world).update(JSON.stringify(inputs)).digest('base64');
  }

  #documentation() {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      ...fs.readdirSync(inRoot('packages')).map((one) => `packages/${one}/README.md`),
    ];
    return [this.#treeOf('docs'), ...pages.map((page) => this.#hashOf(inRoot(page)))].join();
  }

  /** The files beside the test files of a package, which these import or start. @param {string} folder */
  #helpersOf(folder) {
    return this.#once(`helpers ${folder}`, () =>
      filesBelow(folder).filter((name) => !name.endsWith('.test.ts')),
    );
  }

  /** @param {string} folder */
  #treeOf(folder) {
    return this.#once(folder, () => filesBelow(folder));
  }

  /** @param {string} name @param {() => readonly string[]} list */
  #once(name, list) {
    const known = this.#hashes.get(name);
    if (known !== undefined) return known;
    const sum = createHash('sha256');
    for (const one of list()) sum.update(path.relative(inRoot(), one)).update(this.#hashOf(one));
    const hash = sum.digest('base64');
    this.#hashes.set(name, hash);
    return hash;
  }

  /** @param {string} name absolute */
  #hashOf(name) {
    return fs.existsSync(name) ? createHash('sha256').update(fs.readFileSync(name)).digest('base64') : '';
  }
}
