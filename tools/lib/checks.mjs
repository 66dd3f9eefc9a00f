import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { inRoot, root } from './root.mjs';
import { run } from './run.mjs';
import { unknownSuites } from './suites.mjs';
import { staleNames } from './test-plan.mjs';

/**
 * @typedef {object} Check what must hold of the sources, apart from their tests
 * @property {string} name
 * @property {() => Promise<{ ok: boolean, output: string }>} run
 * @property {() => string | undefined} [excuse] why it can't be made here
 */

/** Checks take seconds; a download that waits for ever must not stop the run. */
const limit = 300;

/** @param {string} program @param {readonly string[]} args */
const tool = (program, args) => () => run(inRoot('node_modules', '.bin', program), args, { limit });

/** @param {readonly string[]} lines what is wrong */
const verdict = (lines) => Promise.resolve({ ok: lines.length === 0, output: lines.join('\n') });

/** The folders of the packages that are published. */
function publicPackages() {
  return fs
    .readdirSync(inRoot('packages'))
    .filter((name) => fs.existsSync(inRoot('packages', name, 'package.json')))
    .filter((name) => !JSON.parse(fs.readFileSync(inRoot('packages', name, 'package.json'), 'utf8')).private)
    .map((name) => `packages/${name}`);
}

/** A lock file with addresses ties every clone to the registry of the one who wrote it. */
function lockFileAddresses() {
  return ['package-lock.json', 'tools/interpreters/package-lock.json'].flatMap((file) => {
    const lines = fs.readFileSync(inRoot(file), 'utf8').split('\n');
    return lines
      .filter((line) => /"resolved": "\w+:\/\//.test(line))
      .map((line) => `${file}: ${line.trim()}`);
  });
}

/** @param {readonly string[]} args */
const git = (args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

/** All checks, each of which counts as one. @returns {Check[]} */
export function checks() {
  return [
    {
      name: 'format and lint (biome)',
      run: tool('biome', ['check', '--error-on-warnings', '--colors=off', '.']),
    },
    { name: 'lint with types (oxlint)', run: tool('oxlint', ['--type-aware', '--deny-warnings']) },
    { name: 'layers and import cycles (oxlint)', run: tool('oxlint', ['-c', 'oxlint.imports.json']) },
    { name: 'types, tests included (tsc)', run: tool('tsc', ['-b', '--pretty', 'false']) },
    { name: 'unused files, exports, dependencies (knip)', run: tool('knip', ['--no-progress']) },
    ...publicPackages().flatMap((folder) => [
      {
        name: `${folder} is publishable (publint)`,
        run: tool('publint', ['--strict', '--pack=npm', folder]),
      },
      {
        name: `${folder} has types that resolve (attw)`,
        run: tool('attw', [
          '--pack',
          folder,
          '--profile=esm-only',
          '--no-emoji',
          '--no-color',
          '--format=ascii',
        ]),
      },
    ]),
    { name: 'lock files hold no addresses', run: () => verdict(lockFileAddresses()) },
    {
      name: 'the plan of the tests names existing files',
      run: () => verdict([...staleNames(), ...unknownSuites()]),
    },
    {
      name: 'no generated files in git',
      excuse: () => (git(['rev-parse', '--git-dir']).status === 0 ? undefined : 'not a git checkout'),
      run: () => verdict(git(['ls-files', '-ci', '--exclude-standard']).stdout.split('\n').filter(Boolean)),
    },
  ];
}
