import { createRequire } from 'node:module';
import { noSsh2 } from '../library.ts';
import { notHonoured } from './config-error.ts';
import type { Algorithms } from './destination.ts';
import { matchPattern } from './patterns.ts';
import type { Setting, Settings } from './settings.ts';

/** One keyword: where it goes, what ssh2 has, and OpenSSH's default, which `+`, `-` and `^` start from. */
interface List {
  readonly keyword: string;
  readonly field: keyof Algorithms;
  readonly supported: (constants: Ssh2Constants) => readonly string[];
  readonly usual: readonly string[];
}

/** What ssh2 can do with the OpenSSL that this Node.js has; it exports this only from its file. */
interface Ssh2Constants {
  readonly SUPPORTED_KEX: readonly string[];
  readonly SUPPORTED_CIPHER: readonly string[];
  readonly SUPPORTED_MAC: readonly string[];
  readonly SUPPORTED_SERVER_HOST_KEY: readonly string[];
}

const USUAL_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** The defaults of OpenSSH 10, without what ssh2 can't do in any version. */
const LISTS: readonly List[] = [
  {
    keyword: 'kexalgorithms',
    field: 'kex',
    supported: (constants) => constants.SUPPORTED_KEX,
    usual: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group14-sha256',
    ],
  },
  {
    keyword: 'ciphers',
    field: 'cipher',
    supported: (constants) => constants.SUPPORTED_CIPHER,
    usual: [
      'chacha20-poly1305@openssh.com',
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
  },
  {
    keyword: 'macs',
    field: 'hmac',
    supported: (constants) => constants.SUPPORTED_MAC,
    usual: [
      'hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com',
      'hmac-sha1-etm@openssh.com',
      'hmac-sha2-256',
      'hmac-sha2-512',
      'hmac-sha1',
    ],
  },
  {
    keyword: 'hostkeyalgorithms',
    field: 'serverHostKey',
    supported: (constants) => constants.SUPPORTED_SERVER_HOST_KEY,
    usual: USUAL_KEYS,
  },
  {
    keyword: 'pubkeyacceptedalgorithms',
    field: 'publicKey',
    supported: (constants) => constants.SUPPORTED_SERVER_HOST_KEY,
    usual: USUAL_KEYS,
  },
];

/**
 * The lists of algorithms that are configured, without those that ssh2 has not: a shorter list never allows more. `notes` tells of
 * names that were asked for and left out. Nothing left is an error.
 */
export function resolveAlgorithms(settings: Settings): { algorithms: Algorithms; notes: readonly string[] } {
  const algorithms: { -readonly [Field in keyof Algorithms]: Algorithms[Field] } = {};
  const notes: string[] = [];
  for (const { keyword, field, supported, usual } of LISTS) {
    const setting = settings.get(keyword);
    if (!setting) continue;
    const available = supported(ssh2Constants());
    const { names, unknown } = assemble(setting.values[0] as string, usual, available);
    if (names.length === 0) throw nothingLeft(setting, available);
    algorithms[field] = names;
    if (unknown.length > 0) notes.push(`ssh2 does not have these of ${setting.name}: ${unknown.join(', ')}`);
  }
  return { algorithms, notes };
}

function ssh2Constants(): Ssh2Constants {
  try {
    return createRequire(import.meta.url)('ssh2/lib/protocol/constants.js') as Ssh2Constants;
  } catch (error) {
    throw noSsh2(error);
  }
}

/** Applies a list such as `+a,b`, `-a*`, `^a` or `a,b` to the usual names. */
function assemble(
  list: string,
  usual: readonly string[],
  available: readonly string[],
): { names: readonly string[]; unknown: readonly string[] } {
  const sign = /^[-+^]/.exec(list)?.[0] ?? '';
  const patterns = list
    .slice(sign.length)
    .split(',')
    .filter((pattern) => pattern !== '');
  const has = (name: string): boolean => available.includes(name);
  if (sign === '-') {
    const kept = usual.filter((name) => !patterns.some((pattern) => matchPattern(name, pattern)));
    return { names: kept.filter(has), unknown: [] };
  }
  const candidates = [...usual, ...available];
  const named = patterns.flatMap((pattern) => candidates.filter((name) => matchPattern(name, pattern)));
  const unknown = patterns.filter(
    (pattern) => !candidates.some((name) => has(name) && matchPattern(name, pattern)),
  );
  const lists = { '+': [...usual, ...named], '^': [...named, ...usual], '': named };
  const names = [...new Set(lists[sign as '+' | '^' | ''])];
  return { names: names.filter(has), unknown };
}

function nothingLeft({ name, values, place }: Setting, available: readonly string[]): Error {
  return notHonoured(
    place,
    `${name} ${values[0]} leaves nothing that ssh2 has; it has ${available.join(',')}`,
    'allow one of these',
  );
}
