import fs from 'node:fs';
import path from 'node:path';
import { command } from './command.mjs';

/** @typedef {'ed25519' | 'rsa' | 'ecdsa'} KeyType */

/** Of the key that has one. */
const passphrase = 'open sesame';

/**
 * Makes a key pair; the public one is beside it, with `.pub`.
 *
 * @param {string} file
 * @param {KeyType} type
 * @param {string} [secret] passphrase; none by default
 * @returns {Promise<string>} `file`
 */
export async function makeKey(file, type, secret = '') {
  // One round of the key derivation, and the fewest bits that servers take: nobody attacks it.
  const kind = type === 'rsa' ? [type, '-b', '2048'] : [type];
  await command('ssh-keygen', ['-q', '-t', ...kind, '-N', secret, '-a', '1', '-C', 'test', '-f', file]);
  return file;
}

/** @param {string} file */
const publicKey = (file) => fs.readFileSync(`${file}.pub`, 'utf8').trim();

/**
 * The private and the public key of a user, made once for all servers of this process: what tells servers apart are their own keys.
 *
 * @type {Map<string, Promise<readonly [string, string]>>}
 */
const userKeys = new Map();

/**
 * @param {string} file
 * @param {string} secret
 */
async function copyUserKey(file, secret) {
  const made =
    userKeys.get(secret) ??
    makeKey(file, 'ed25519', secret).then(() => [
      fs.readFileSync(file, 'utf8'),
      fs.readFileSync(`${file}.pub`, 'utf8'),
    ]);
  userKeys.set(secret, made);
  const [own, shared] = await made;
  fs.writeFileSync(file, own, { mode: 0o600 });
  fs.writeFileSync(`${file}.pub`, shared);
  return file;
}

/**
 * The keys with which a user logs in, both in `authorized`.
 *
 * @param {string} folder
 * @param {string} authorized file to write
 */
export async function makeUserKeys(folder, authorized) {
  const [key, keyWithPassphrase] = await Promise.all([
    copyUserKey(path.join(folder, 'user'), ''),
    copyUserKey(path.join(folder, 'user_with_passphrase'), passphrase),
  ]);
  const lines = [key, keyWithPassphrase].map((file) => `${publicKey(file)}\n`);
  fs.writeFileSync(authorized, lines.join(''), { mode: 0o600 });
  return { key, keyWithPassphrase, passphrase };
}

/**
 * What a client knows of a server.
 *
 * @param {{ address: string, port: number, hostKeyFiles: readonly string[] }} host
 */
export function knownHostsOf({ address, port, hostKeyFiles }) {
  const name = port === 22 ? address : `[${address}]:${port}`;
  return hostKeyFiles.map((file) => `${name} ${publicKey(file).split(' ', 2).join(' ')}\n`).join('');
}
