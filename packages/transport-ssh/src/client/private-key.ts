import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { ssh2 } from '../library.ts';

/** A private key in a file that may have other things around it, as `ssh` takes it. */
const BLOCK = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----[\s\S]*?-----END \1-----/;

/** The encryption of OpenSSH's keys that ssh2 does not know. */
const UNKNOWN_CIPHER = 'chacha20-poly1305@openssh.com';

/**
 * The private key in the text of a key file: what ssh2 reads, and PKCS#8 (RFC 5958), which `ssh` reads and ssh2 does not. An error says why there is none, and what can be done about it.
 */
export function parsePrivateKey(file: string, text: Buffer, passphrase?: string): ParsedKey | Error {
  const [block = text, label] = BLOCK.exec(text.toString('latin1')) ?? [];
  const isPkcs8 = label === 'PRIVATE KEY' || label === 'ENCRYPTED PRIVATE KEY';
  if (label === 'ENCRYPTED PRIVATE KEY' && passphrase === undefined) return new Error(NO_PASSPHRASE);
  if (
    label === 'OPENSSH PRIVATE KEY' &&
    Buffer.from(String(block).replace(LINE, ''), 'base64').includes(UNKNOWN_CIPHER)
  )
    return new Error(
      `ssh2 does not know its encryption, ${UNKNOWN_CIPHER}; ssh-keygen -p -Z aes256-ctr -f ${file} encrypts it anew`,
    );
  try {
    const known = isPkcs8 ? fromPkcs8(String(block), passphrase) : block;
    const parsed = ssh2.utils.parseKey(known, isPkcs8 ? undefined : passphrase);
    return parsed instanceof Error ? advised(parsed, file) : parsed;
  } catch (error) {
    const wrong = label === 'ENCRYPTED PRIVATE KEY' && DECRYPTION.test((error as Error).message);
    return wrong ? new Error(WRONG_PASSPHRASE) : (error as Error);
  }
}

/** The lines before and after what is in a block. */
const LINE = /-----.*-----/g;

/** What the runtimes say of a passphrase that does not fit. */
const DECRYPTION = /decrypt|passphrase|password/i;

const NO_PASSPHRASE = 'the key is encrypted, and there is no passphrase';
const WRONG_PASSPHRASE = 'bad passphrase';

/** Whether a passphrase, or another one, may help. */
export function needsPassphrase(parsed: ParsedKey | Error): boolean {
  return (
    parsed instanceof Error &&
    // what ssh2 says: that there is none, or of the three formats that it does not fit
    /no passphrase|bad passphrase|integrity check|bad decrypt|Unable to decrypt|wrong final block/i.test(
      parsed.message,
    )
  );
}

/** How many keys of RSA are offered a second time, with the other kind of signature: servers count. */
export const MAX_SHA512 = 2;

/** The signatures that a server may insist on for keys of RSA; ssh2 tries SHA-256 alone with one that takes both, or of which it does not know. */
export function signingWithSha512(key: ParsedKey): ParsedKey {
  return Object.create(key, {
    type: { value: 'rsa-sha2-512' },
    sign: { value: (data: Buffer) => key.sign(data, 'sha512') },
  }) as ParsedKey;
}

function advised({ message }: Error, file: string): Error {
  return new Error(`${message}; ssh-keygen -p -f ${file} writes it anew, or use ssh_client=openssh`);
}

function keyOf(pem: string, passphrase: string | undefined): KeyObject {
  if (passphrase === undefined) return createPrivateKey(pem);
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch (error) {
    // of 256 wrong ones one gives what looks whole, and is no key
    throw new Error(WRONG_PASSPHRASE, { cause: error });
  }
}

function fromPkcs8(pem: string, passphrase: string | undefined): string {
  const key = keyOf(pem, passphrase);
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ type: 'pkcs1', format: 'pem' }) as string;
    case 'ec':
      return key.export({ type: 'sec1', format: 'pem' }) as string;
    case 'ed25519':
      return openSshKey(key);
    default:
      throw new Error(`ssh has no keys of the kind ${key.asymmetricKeyType}`);
  }
}

/** A key of Ed25519 in the format of OpenSSH (PROTOCOL.key), the only one in which ssh2 reads it. */
function openSshKey(key: KeyObject): string {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  const type = counted('ssh-ed25519');
  // the check, twice, and no comment; what is encrypted has whole blocks, of 8 bytes without a cipher
  const secret = Buffer.concat([
    Buffer.alloc(8),
    type,
    counted(point),
    counted(Buffer.concat([seed, point])),
    counted(''),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, -secret.length & 7);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    counted('none'),
    counted('none'),
    counted(''),
    Buffer.from([0, 0, 0, 1]),
    counted(Buffer.concat([type, counted(point)])),
    counted(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function counted(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
