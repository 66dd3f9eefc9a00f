import { createHash } from 'node:crypto';

/** The SHA-256 fingerprint of a public key as ssh prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key names itself by (RFC 4253, 6.6): `ssh-ed25519`. Undefined if it is no key. */
export function keyType(key: Uint8Array): string | undefined {
  return keyFields(key)?.[0]?.toString('latin1');
}

/** How many bits the modulus of an RSA key has; undefined for other keys. */
export function rsaKeyBits(key: Uint8Array): number | undefined {
  const [type, , modulus] = keyFields(key) ?? [];
  if (type?.toString('latin1') !== 'ssh-rsa' || !modulus) return undefined;
  const start = modulus.findIndex((byte) => byte !== 0);
  if (start < 0) return 0;
  return (modulus.length - start) * 8 - (Math.clz32(modulus[start] as number) - 24);
}

/** The name of a type: what RFC 4251, 6 allows, so that garbage is not taken for one. */
const TYPE = /^[!-+\--~]{1,64}$/;

/**
 * The strings that a public key is made of, the type first. Undefined if they do not fill it exactly: a key that was cut off, by a full
 * disk for instance, is none.
 */
function keyFields(key: Uint8Array): readonly Buffer[] | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields.length > 1 && TYPE.test((fields[0] as Buffer).toString('latin1')) ? fields : undefined;
}
