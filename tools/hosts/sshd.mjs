import fs from 'node:fs';
import path from 'node:path';
import { withAccount } from './accounts.mjs';
import { program } from './command.mjs';
import { marksOf } from './daemon.mjs';
import { startHost } from './host.mjs';
import { makeKey } from './keys.mjs';

/**
 * @typedef {object} SshdFields
 * @property {readonly string[]} [acceptEnv] names of variables that a client may set
 * @property {number} [maxSessions] on one connection; by default 500
 *
 * @typedef {import('./host.mjs').HostOptions & SshdFields} SshdOptions
 */

/** @param {string} text in a file that takes double quotes */
const quoted = (text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

/** @param {import('./host.mjs').Place} place @param {{ address: string, port: number }} at @param {SshdOptions} options */
function configuration(place, { address, port }, { acceptEnv = [], maxSessions = 500, ...options }) {
  const env = { HOME: place.account, ...marksOf(place.folder), ...options.env };
  return [
    // What comes first counts.
    ...(options.extra ?? []),
    `ListenAddress ${address}`,
    `Port ${port}`,
    `PidFile ${quoted(place.pidFile)}`,
    ...place.hostKeyFiles.map((file) => `HostKey ${quoted(file)}`),
    `AuthorizedKeysFile ${quoted(place.authorizedKeys)}`,
    'StrictModes no',
    // PAM asks more of a session than the tests need. One that is not root and can't read shadow takes every account for locked, and PAM does not.
    `UsePAM ${process.getuid?.() === 0 ? 'no' : 'yes'}`,
    'UseDNS no',
    // The usual one since OpenSSH 9 takes both ends a twentieth of a second of a processor.
    'KexAlgorithms curve25519-sha256',
    'PrintMotd no',
    'PrintLastLog no',
    'PermitRootLogin yes',
    'KbdInteractiveAuthentication no',
    `PasswordAuthentication ${options.password ? 'yes' : 'no'}`,
    'ClientAliveInterval 0',
    'LogLevel VERBOSE',
    // Hundreds of logins at once are what the tests are about.
    'MaxStartups 500',
    `MaxSessions ${maxSessions}`,
    ...acceptEnv.map((name) => `AcceptEnv ${name}`),
    // Only the first such line counts.
    `SetEnv ${Object.entries(env)
      .map(([name, value]) => quoted(`${name}=${value}`))
      .join(' ')}`,
    ...(place.wrapper === undefined ? [] : [`ForceCommand ${quoted(place.wrapper)}`]),
  ];
}

/**
 * Starts OpenSSH's server, with everything private in a folder of its own, for the user that runs this program.
 *
 * @param {SshdOptions} [options]
 * @returns {Promise<import('./host.mjs').Host>}
 * @throws {Error} with its log, if it does not start
 */
export async function startSshd(options = {}) {
  const file = program('sshd');
  // The folder that it changes its root to before a login; without it it ends at once.
  if (process.getuid?.() === 0) fs.mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  return startHost(
    {
      name: 'sshd',
      makeHostKey: makeKey,
      prepare: (place, at) => {
        const config = path.join(place.folder, 'sshd_config');
        fs.writeFileSync(config, `${configuration(place, at, options).join('\n')}\n`);
        const account = options.password ? withAccount(place) : [];
        return { words: [...account, file, '-D', '-f', config, '-E', place.log], env: process.env };
      },
    },
    options,
  );
}
