import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { run } from './run.mjs';

/** @typedef {import('./set-up.mjs').Missing} Missing */

/** What the tests need from the system. */
export const debianPackages = [
  // The execnet of Python, as the other side of the wire; it brings Python, the first of the remote ends in that language.
  'python3-execnet',
  // Remote ends that collect garbage in another way, and one that has threads of another kind, no descriptors, and Python 2.
  'pypy3',
  'jython',
  // Numbers that are none of Python's own.
  'python3-numpy',
  // Execution models of Python.
  'python3-gevent',
  'python3-eventlet',
  // A wrapper that closes all descriptors but the first three.
  'sudo',
  // Servers to log in to, the client, and a network between them.
  'openssh-server',
  'openssh-client',
  'dropbear-bin',
  'iproute2',
  // Login shells; the others are always there.
  'zsh',
  'fish',
  'mksh',
  'tcsh',
];

/** Where systemd runs, installing them starts a server that all the world can reach: that is for the owner to decide. */
const services = ['openssh-server'];

/** @param {string} name */
function isThere(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg fills it in
  const asked = spawnSync('dpkg-query', ['-W', '-f=${Status}', name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.includes('install ok installed');
}

/**
 * Installs the Debian packages that are missing. Where that can't be done (another system, not root, no network),
 * the result names each with the reason and what to do by hand.
 *
 * @param {(line: string) => void} say
 * @returns {Promise<Missing[]>}
 */
export async function installDebianPackages(say) {
  /** @param {readonly string[]} names @param {string} reason */
  const missing = (names, reason) => names.map((name) => ({ name, reason }));
  if (!fs.existsSync('/etc/debian_version'))
    return missing(debianPackages, 'not a Debian system: install it by hand');
  const absent = debianPackages.filter((name) => !isThere(name));
  if (absent.length === 0) return [];
  /** @param {readonly string[]} names */
  const commandFor = (names) => `apt-get install -y ${names.join(' ')}`;
  if (process.getuid?.() !== 0) return missing(absent, `not root: run \`sudo ${commandFor(absent)}\``);
  const avoided = fs.existsSync('/run/systemd/system')
    ? absent.filter((name) => services.includes(name))
    : [];
  const refused = missing(avoided, `it starts a service: run \`${commandFor(avoided)}\` if you want that`);
  const wanted = absent.filter((name) => !avoided.includes(name));
  if (wanted.length === 0) return refused;
  const byHand = commandFor(wanted);
  say(byHand);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Ten minutes: a slow mirror, not a hanging one.
  const updated = await run('apt-get', ['update', '-q'], { env, limit: 600 });
  const installed = await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...wanted], {
    env,
    limit: 600,
  });
  const left = wanted.filter((name) => !isThere(name));
  if (left.length === 0) return refused;
  const said = [updated, installed]
    .find((outcome) => !outcome.ok)
    ?.output.trim()
    .split('\n')
    .at(-1);
  return [...refused, ...missing(left, `\`${byHand}\` failed: ${said ?? 'no reason given'}`)];
}
