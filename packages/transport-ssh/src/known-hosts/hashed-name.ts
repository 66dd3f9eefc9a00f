import { createHmac, randomBytes } from 'node:crypto';

/** The only kind that there is: HMAC-SHA1, the salt as its key (`HashKnownHosts`). */
const MAGIC = '|1|';
/** Length of a SHA-1, of which OpenSSH makes the salt, too. */
const LENGTH = 20;

/** Tells whether a name in a known_hosts file is hashed. */
export function isHashed(written: string): boolean {
  return written.startsWith('|');
}

/** Hashes a name with a new salt. */
export function hashName(name: string): string {
  const salt = randomBytes(LENGTH);
  return `${MAGIC}${salt.toString('base64')}|${digest(name, salt)}`;
}

/** Tells whether `written` is the hash of `name`; false for a broken one. */
export function matchesHash(name: string, written: string): boolean {
  const [salt = '', hash, extra] = written.slice(MAGIC.length).split('|');
  const key = Buffer.from(salt, 'base64');
  if (!written.startsWith(MAGIC) || extra !== undefined || key.length !== LENGTH) return false;
  return digest(name, key) === hash;
}

function digest(name: string, salt: Buffer): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}
