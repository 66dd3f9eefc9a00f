import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { password } from './accounts.mjs';
import { clientSection } from './client-config.mjs';
import { command } from './command.mjs';
import { startDaemon } from './daemon.mjs';
import { knownHostsOf, makeUserKeys } from './keys.mjs';
import { makeLoginShell } from './login-shell.mjs';
import { freePort } from './ports.mjs';

/**
 * @typedef {import('./keys.mjs').KeyType} KeyType
 *
 * @typedef {object} HostFields
 * @property {string} [address] by default 127.0.0.1
 * @property {number} [port] by default one that is free
 * @property {string} [alias] by which the client's configuration names it; by default `host`
 * @property {readonly KeyType[]} [hostKeys] by default one of ed25519
 * @property {boolean} [password] takes a password too, which needs root
 * @property {Readonly<Record<string, string>>} [env] what the sessions find in their environment
 * @property {readonly string[]} [extra] more lines for the configuration of sshd, which win over its own (`env`, not
 *   `SetEnv`: only one such line counts); more arguments for dropbear
 * @property {readonly string[]} [within] words to put before the command that starts it
 *
 * @typedef {HostFields & import('./login-shell.mjs').ShellOptions} HostOptions
 *
 * @typedef {object} HostFacts
 * @property {string} alias
 * @property {string} address
 * @property {number} port
 * @property {string} user who may log in: the one that runs this program
 * @property {string} [password] where it takes one
 * @property {string} key the user's private key; the public one is beside it
 * @property {string} keyWithPassphrase another one that may log in
 * @property {string} passphrase of that
 * @property {string} authorizedKeys file with the public keys that may log in
 * @property {readonly string[]} hostKeyFiles the server's private keys, in the order of `hostKeys`
 * @property {string} knownHosts file that knows the server by its address
 * @property {string} config file for `ssh -F`; it names the server by its alias
 * @property {string} home `$HOME` of the sessions, and nobody else's
 * @property {string} folder with all these files; `stop` removes it
 * @property {() => string} log what the server has said so far
 *
 * @typedef {HostFacts & import('./daemon.mjs').Daemon & AsyncDisposable} Host
 *
 * @typedef {object} Place what a server is given
 * @property {string} folder
 * @property {string} user
 * @property {string} account home of the user while it logs in
 * @property {string} authorizedKeys
 * @property {readonly string[]} hostKeyFiles
 * @property {string | undefined} wrapper program to run instead of each command
 * @property {string} log
 * @property {string} pidFile
 *
 * @typedef {object} Server one kind of server
 * @property {string} name
 * @property {(file: string, type: KeyType) => Promise<string>} makeHostKey
 * @property {(place: Place, at: { address: string, port: number }) => Start} prepare
 *
 * @typedef {object} Start
 * @property {readonly string[]} words
 * @property {NodeJS.ProcessEnv} env
 */

/** Another program may take the port that was free; five times in a row is a fault. */
const portAttempts = 5;

/** @param {Server} server @param {Place} place @param {HostOptions} options */
async function listen(server, place, { address = '127.0.0.1', port, within = [] }) {
  for (let attempt = 1; ; attempt += 1) {
    const at = { address, port: port ?? (await freePort(address)) };
    const { words, env } = server.prepare(place, at);
    try {
      return { ...at, ...(await startDaemon([...within, ...words], { ...place, env })) };
    } catch (error) {
      const taken = /address already in use/i.test(String(error));
      if (!taken || port !== undefined || attempt === portAttempts) throw error;
      fs.rmSync(place.log);
    }
  }
}

/** @param {Server} server @param {HostOptions} options @param {string} folder */
async function startIn(server, options, folder) {
  const { alias = 'host', hostKeys = ['ed25519'], shell, rc, path: searched } = options;
  // What runs the wrapper is the shell in passwd, and it must not read what is meant for the other one.
  const account = path.join(folder, 'account');
  const home = shell === undefined ? account : path.join(folder, 'home');
  const authorizedKeys = path.join(account, '.ssh', 'authorized_keys');
  fs.mkdirSync(path.dirname(authorizedKeys), { recursive: true, mode: 0o700 });
  fs.mkdirSync(home, { recursive: true });
  const [userKeys, ...hostKeyFiles] = await Promise.all([
    makeUserKeys(folder, authorizedKeys),
    ...hostKeys.map((type) => server.makeHostKey(path.join(folder, `host_${type}`), type)),
  ]);
  // Bun's `os.userInfo` knows the user only from the environment.
  const user = (await command('id', ['-un'])).trim();
  const wrapper = shell && makeLoginShell(folder, home, { shell, rc, path: searched });
  const log = path.join(folder, 'log');
  const pidFile = path.join(folder, 'pid');
  const place = { folder, user, account, authorizedKeys, hostKeyFiles, wrapper, log, pidFile };
  const daemon = await listen(server, place, options);
  const knownHosts = path.join(folder, 'known_hosts');
  const config = path.join(folder, 'ssh_config');
  const facts = { alias, user, ...userKeys, authorizedKeys, hostKeyFiles, knownHosts, config, home, folder };
  fs.writeFileSync(knownHosts, knownHostsOf({ ...daemon, hostKeyFiles }));
  fs.writeFileSync(config, clientSection({ ...daemon, ...facts }));
  return { ...facts, ...(options.password ? { password } : {}), ...daemon };
}

/**
 * Starts a server with everything private in a folder of its own. Resolves when it listens.
 *
 * @param {Server} server
 * @param {HostOptions} options
 * @returns {Promise<Host>}
 */
export async function startHost(server, options) {
  const { shell, rc, path: searched } = options;
  if (shell === undefined && (rc ?? searched) !== undefined)
    throw new TypeError('rc and path are for a shell: name one');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `execnet-${server.name}-`));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  try {
    const host = await startIn(server, options, folder);
    /** @type {Promise<void> | undefined} */
    let stopped;
    const stop = () => {
      stopped ??= host.stop().finally(remove);
      return stopped;
    };
    const log = () => fs.readFileSync(path.join(folder, 'log'), 'utf8');
    return { ...host, log, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    remove();
    throw error;
  }
}
