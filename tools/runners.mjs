/**
 * `npm run runners`: runs the tests of a program that uses execnet under Vitest, in each of its pools, and under Jest, as ES modules and as CommonJS. Both are installed
 * from the npm registry, beside the packed packages, into a temporary folder.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inRoot } from './lib/root.mjs';
import { run } from './lib/run.mjs';
import { build, install } from './lib/set-up.mjs';

/** The versions that this was last tried with. */
const RUNNERS = [
  'vitest@4.1.12',
  'jest@30.5.2',
  'esbuild@0.28.2',
  'jsdom@26.1.0',
  'jest-environment-jsdom@30.5.2',
];

const POOLS = ['forks', 'threads', 'vmForks', 'vmThreads'];

/** What the globals of a test are: those of Node, or many of a browser instead. */
const ENVIRONMENTS = ['node', 'jsdom'];

/** A test starts several interpreters; a busy machine takes its time. */
const LIMIT = 60_000;

const SOURCES = inRoot('tools', 'runners');

/** @param {boolean} esm */
const jestConfig = (esm) => ({
  testMatch: ['<rootDir>/*.test.ts'],
  testTimeout: LIMIT,
  moduleFileExtensions: ['js', 'ts', 'json'],
  // Jest with jsdom takes the builds of packages that are made for browsers
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons'] },
  transform: { '\\.[jt]s$': '<rootDir>/jest-transform.cjs' },
  ...(esm
    ? { extensionsToTreatAsEsm: ['.ts'] }
    : // the packages are ES modules
      { transformIgnorePatterns: ['node_modules/(?!(execnet|@execnet)/)'] }),
});

await install();
await build();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'execnet-runners-'));
try {
  const packed = execFileSync('npm', ['pack', '--workspaces', '--json', '--pack-destination', folder], {
    cwd: inRoot(),
    encoding: 'utf8',
  });
  const files = Object.values(JSON.parse(packed)).map(({ filename }) => path.join(folder, filename));
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'runners', private: true }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...files, ...RUNNERS], {
    cwd: folder,
    stdio: 'inherit',
  });
  for (const name of fs.readdirSync(SOURCES))
    fs.copyFileSync(path.join(SOURCES, name), path.join(folder, name));
  for (const esm of [true, false])
    fs.writeFileSync(path.join(folder, `jest-${esm}.json`), JSON.stringify(jestConfig(esm)));
  const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
  /** @type {[title: string, args: string[]][]} */
  const runs = ENVIRONMENTS.flatMap((environment) => [
    ...POOLS.map(
      (pool) =>
        /** @type {[string, string[]]} */ ([
          `Vitest, ${pool}, ${environment}`,
          [
            path.join('node_modules', 'vitest', 'vitest.mjs'),
            'run',
            '--globals',
            `--environment=${environment}`,
            `--pool=${pool}`,
            `--testTimeout=${LIMIT}`,
          ],
        ]),
    ),
    [
      `Jest, ES modules, ${environment}`,
      ['--experimental-vm-modules', jest, '-c', 'jest-true.json', `--env=${environment}`],
    ],
    [`Jest, CommonJS, ${environment}`, [jest, '-c', 'jest-false.json', `--env=${environment}`]],
  ]);
  for (const [title, args] of runs) {
    const { ok, output, seconds } = await run(process.execPath, args, { cwd: folder });
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${title} (${seconds.toFixed(1)} s)`);
    if (ok) continue;
    console.log(output);
    process.exitCode = 1;
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
