import { spawnSync } from 'node:child_process';
import { findProgram } from './command.mjs';

/**
 * @typedef {'ssh' | 'sshd' | 'dropbear' | 'netns'} Part
 *
 * @typedef {object} Available
 * @property {string | undefined} ssh OpenSSH's client
 * @property {string | undefined} sshd for `startSshd`
 * @property {string | undefined} dropbear for `startDropbear`
 * @property {boolean} netns whether `startNetwork` works
 * @property {Readonly<Partial<Record<Part, string>>>} reasons why a part can't be had, for each such
 */

/** What a network needs, tried where it is gone with the process that tries it. */
const network = `mount -t tmpfs none /run && ip netns add probe &&
  ip link add probe0 type veth peer name eth0 netns probe && ip -n probe link set lo up`;

/** Why the first of these programs that is missing is needed. @param {readonly string[]} names */
function whatIsMissing(names) {
  if (process.platform !== 'linux') return 'servers for tests run on Linux only';
  const name = names.find((one) => findProgram(one) === undefined);
  return name && `there is no ${name}`;
}

/** Why root can't do that in namespaces of its own. @param {readonly string[]} args */
function whatIsRefused(args) {
  if (process.getuid?.() !== 0) return 'not root';
  const { error, status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `unshare ended with ${status}`);
}

/** @type {Available | undefined} */
let known;

/** Which servers for tests can be had here. Looks once, and leaves nothing behind. @returns {Available} */
export function available() {
  if (known !== undefined) return known;
  const sshd = whatIsMissing(['sshd', 'ssh-keygen']);
  const dropbear =
    whatIsMissing(['dropbear', 'dropbearkey', 'ssh-keygen', 'unshare']) ?? whatIsRefused(['-m', 'true']);
  const netns = sshd ?? whatIsMissing(['ip', 'unshare']) ?? whatIsRefused(['-m', '-n', 'sh', '-c', network]);
  const ssh = whatIsMissing(['ssh']);
  const reasons = Object.entries({ ssh, sshd, dropbear, netns }).filter(([, reason]) => reason !== undefined);
  known = {
    ssh: findProgram('ssh'),
    sshd: sshd === undefined ? findProgram('sshd') : undefined,
    dropbear: dropbear === undefined ? findProgram('dropbear') : undefined,
    netns: netns === undefined,
    reasons: Object.fromEntries(reasons),
  };
  return known;
}
