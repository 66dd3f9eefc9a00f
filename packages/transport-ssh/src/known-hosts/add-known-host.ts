import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { knownHostsFailure } from './file-error.ts';
import { hashName } from './hashed-name.ts';
import { type HostName, writtenName } from './host-name.ts';
import { keyType } from './key.ts';

const NEWLINE = 0x0a;

/**
 * Appends a host's key to a known_hosts file, in one write; a last line without an end is ended first. Makes the file, for its owner alone,
 * and a folder `.ssh` around it, if they are missing; other folders must be there.
 *
 * Fails with `ERR_EXECNET_DISK_FULL` or `ERR_EXECNET_KNOWN_HOSTS`.
 */
export async function addKnownHost(
  file: string,
  name: HostName,
  key: Uint8Array,
  { hashed }: { hashed: boolean },
): Promise<void> {
  const type = keyType(key);
  if (type === undefined) throw new TypeError('what is to be added to known_hosts is no public key');
  const written = writtenName(name);
  const line = `${hashed ? hashName(written) : written} ${type} ${Buffer.from(key).toString('base64')}\n`;
  try {
    await makeSshFolder(dirname(file));
    await append(file, line);
  } catch (error) {
    throw knownHostsFailure(file, 'written', error);
  }
}

async function makeSshFolder(folder: string): Promise<void> {
  if (basename(folder) !== '.ssh') return;
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function append(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    await handle.appendFile((await endsInLine(handle)) ? line : `\n${line}`);
  } finally {
    await handle.close();
  }
}

async function endsInLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return bytesRead === 0 || buffer[0] === NEWLINE;
}
