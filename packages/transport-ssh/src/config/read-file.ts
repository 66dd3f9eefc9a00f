import { type FileHandle, open } from 'node:fs/promises';
import { ConnectError } from '@execnet/core/plugin';
import { readBounded } from '../read-bounded.ts';

/** No configuration is this large. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface ReadOptions {
  /** Refuse a file that others can write to: its lines can name commands, and those are run. */
  readonly checkPermissions: boolean;
  /** Who may own it, besides root. */
  readonly uid: number;
}

/** The text of a configuration file; undefined if there is none, or if it is a folder, which `Include *` may meet. */
export async function readConfigFile(path: string, options: ReadOptions): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const stats = await handle.stat();
    if (stats.isDirectory()) return undefined;
    if (options.checkPermissions && isWritableByOthers(stats, options.uid))
      throw unreadable(
        path,
        'others than its owner can write to it, or it is owned by another user; make it safe by chmod 600, as ssh demands',
      );
    const text = (await readBounded(handle, MAX_BYTES)).toString('utf8');
    if (text.includes('\0')) throw unreadable(path, 'it is no text: there is a NUL character in it');
    return text;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof ConnectError) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, message, error);
  } finally {
    await handle?.close();
  }
}

/** A group of the user's own, of which he is the only member by convention (Debian, Fedora), may write: Debian's ssh allows it too. */
function isWritableByOthers(stats: { mode: number; uid: number; gid: number }, uid: number): boolean {
  if (process.platform === 'win32') return false;
  const ownGroup = stats.gid === uid;
  return (stats.uid !== 0 && stats.uid !== uid) || (stats.mode & (ownGroup ? 0o002 : 0o022)) !== 0;
}

function unreadable(path: string, why: string, cause?: unknown): ConnectError {
  return new ConnectError(
    'ERR_EXECNET_SSH_CONFIG',
    `the ssh configuration ${path} can't be used: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
