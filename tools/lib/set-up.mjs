import fs from 'node:fs';
import { installDebianPackages } from './debian.mjs';
import { isInstalled } from './installed.mjs';
import { wantedPackages } from './interpreters.mjs';
import { inRoot, root } from './root.mjs';
import { run } from './run.mjs';

/**
 * @typedef {object} Missing what could not be set up, so that what needs it is skipped
 * @property {string} name
 * @property {string} reason
 */

/** @param {string} line */
const say = (line) => console.log(`setup: ${line}`);

/**
 * What npm says before it explains its options at length.
 *
 * @param {string} output
 */
const beforeUsage = (output) => output.split('\nnpm error Usage:')[0] ?? '';

/** An hour would be a hang; a cold cache behind a slow line takes minutes. */
const npmLimit = 900;

/**
 * Makes `node_modules` hold what the lock file says. Does nothing when it does already.
 *
 * @throws {Error} with npm's output: nothing works without
 */
async function installPackages() {
  if (isInstalled(root)) return;
  say('npm ci');
  const outcome = await run('npm', ['ci', '--strict-allow-scripts', '--no-audit', '--no-fund'], {
    limit: npmLimit,
  });
  if (!outcome.ok) throw new Error(`npm ci failed (${outcome.ending})\n${beforeUsage(outcome.output)}`);
}

/** @returns {Promise<Missing[]>} */
async function installInterpreters() {
  const folder = inRoot('tools', 'interpreters');
  /** @param {string} name */
  const isThere = (name) =>
    fs.existsSync(inRoot('tools', 'interpreters', 'node_modules', name, 'package.json'));
  if (isInstalled(folder) && wantedPackages().every(isThere)) return [];
  say('interpreters: npm ci');
  const outcome = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    limit: npmLimit,
  });
  const reason = outcome.ok
    ? `not made for ${process.platform}-${process.arch}`
    : `npm ci: ${outcome.output.trim().split('\n').at(-1) || outcome.ending}`;
  return wantedPackages()
    .filter((name) => !isThere(name))
    .map((name) => ({ name, reason }));
}

/**
 * Compiles all packages; what has not changed comes from the cache.
 *
 * @throws {Error} with the compiler's output
 */
export async function build() {
  // Nothing is said where nothing has changed, which takes a second.
  const slow = setTimeout(() => say('build'), 1500);
  // `lerna run build` does the same and takes three seconds longer to find that nothing has changed.
  const outcome = await run(inRoot('node_modules', '.bin', 'nx'), ['run-many', '-t', 'build'], {
    env: { ...process.env, NX_TUI: 'false', NX_DAEMON: 'false', FORCE_COLOR: '0' },
    limit: npmLimit,
  });
  clearTimeout(slow);
  if (!outcome.ok) throw new Error(`the build failed (${outcome.ending})\n${outcome.output}`);
}

/**
 * Installs what this repository needs, and is quick where nothing is to be done; for `test` also the interpreters and
 * the system's packages that the tests use.
 *
 * @param {{ test?: boolean }} [options]
 * @returns {Promise<Missing[]>} what the tests have to do without
 * @throws {Error} if the packages can't be installed
 */
export async function install({ test = false } = {}) {
  // beside each other: each waits for the network, and for the disk
  const [, ...wanting] = await Promise.all([
    installPackages(),
    ...(test ? [installInterpreters(), installDebianPackages(say)] : []),
  ]);
  const missing = wanting.flat();
  for (const { name, reason } of missing) say(`no ${name}: ${reason}`);
  return missing;
}
