import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import type { Folder } from '../config/folder.ts';

const missing = spawnSync('ssh-keygen', ['-?']).error ? 'there is no ssh-keygen here' : undefined;

/** A test with real keys, which not every machine can make; it is then left out with the reason. */
export function testWithKeys(title: string, run: () => Promise<void> | void): void {
  if (missing === undefined) {
    test(title, run);
  } else {
    console.log(`left out: ${missing}: ${title}`);
    test.skip(title, run);
  }
}

/** Runs ssh-keygen, and returns what it prints; undefined if it fails. */
export function keygen(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('ssh-keygen', args, { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

export interface PublicKey {
  readonly type: string;
  readonly encoded: string;
  readonly blob: Buffer;
  readonly file: string;
}

/** Makes a new pair of keys in the folder, and returns the public one. */
export function makeKey(folder: Folder, kind: string, name: string = kind, bits?: number): PublicKey {
  const file = join(folder.path, name);
  keygen('-q', '-t', kind, ...(bits === undefined ? [] : ['-b', String(bits)]), '-N', '', '-f', file);
  const [type = '', encoded = ''] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { type, encoded, blob: Buffer.from(encoded, 'base64'), file: `${file}.pub` };
}

/** A key as it would look, for tests of files only; nobody has the private part. */
export function fakeKey(type: string, ...fields: string[]): Buffer {
  return Buffer.concat(
    [type, ...fields].flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(field));
      return [length, Buffer.from(field)];
    }),
  );
}
