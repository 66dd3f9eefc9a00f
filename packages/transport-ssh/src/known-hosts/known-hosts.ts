import { readBounded } from '../read-bounded.ts';
import { type Entry, isAbout, keyOf, readEntry } from './entry.ts';
import { knownHostsFailure } from './file-error.ts';
import { type HostName, nameWithoutPort, writtenName } from './host-name.ts';
import { keyType } from './key.ts';
import type { Verdict } from './verdict.ts';

/** The most that is read of a file, in bytes: the keys of a hundred thousand hosts are some 40 MB. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The files to look in. A missing one holds nothing. */
export interface KnownHostsFiles {
  /** An unreadable one is an error: it may hold what the user has been warned of. */
  readonly user: readonly string[];
  /** The system's. An unreadable one is left out, as the user can't change that. */
  readonly global: readonly string[];
}

/** The keys of hosts as known_hosts files have them; a snapshot, which later changes of the files do not reach. */
export class KnownHosts {
  /** Files of the system that could not be read. */
  readonly unreadable: readonly string[];
  readonly #files: readonly string[];
  readonly #entries: readonly Entry[];

  private constructor(files: readonly string[], entries: readonly Entry[], unreadable: readonly string[]) {
    this.#files = files;
    this.#entries = entries;
    this.unreadable = unreadable;
  }

  /** Reads all files. Fails with `ERR_EXECNET_KNOWN_HOSTS`. */
  static async read({ user, global }: KnownHostsFiles): Promise<KnownHosts> {
    const entries: (readonly Entry[])[] = [];
    const unreadable: string[] = [];
    for (const file of user) entries.push(readEntries(file, await readText(file)));
    for (const file of global) {
      const text = await readText(file).catch(() => undefined);
      if (text === undefined) unreadable.push(file);
      else entries.push(readEntries(file, text));
    }
    return new KnownHosts([...user, ...global], entries.flat(), unreadable);
  }

  /** Judges a host's public key, as it came over the wire. A revocation outdoes everything, and a key that is known all but that. */
  check(name: HostName, key: Uint8Array): Verdict {
    const verdict = this.#checkName(writtenName(name), key);
    const bare = nameWithoutPort(name);
    if (bare === undefined || (verdict.kind !== 'unknown' && verdict.kind !== 'authority')) return verdict;
    // OpenSSH, too, accepts the key that it knows for the host itself; that another one is known there means nothing for this port
    const other = this.#checkName(bare, key);
    return other.kind === 'known' || other.kind === 'revoked' ? other : verdict;
  }

  /** The types of the keys that are known for a host, each once, in the order of the files. */
  keyTypes(name: HostName): readonly string[] {
    const bare = nameWithoutPort(name);
    const types = this.#typesOf(writtenName(name));
    return types.length > 0 || bare === undefined ? types : this.#typesOf(bare);
  }

  #typesOf(name: string): readonly string[] {
    const entries = this.#about(name).filter(({ marker }) => marker === 'none');
    return [...new Set(entries.map(({ type }) => type))];
  }

  #checkName(name: string, key: Uint8Array): Verdict {
    const entries = this.#about(name);
    const same = entries.filter((entry) => keyOf(entry)?.equals(key));
    const revoked = same.find(({ marker }) => marker === 'revoked');
    if (revoked) return { kind: 'revoked', file: revoked.file, line: revoked.line };
    if (same.some(({ marker }) => marker === 'none')) return { kind: 'known' };
    const others = entries.filter(({ marker }) => marker === 'none');
    const type = keyType(key);
    const changed = others.find((entry) => entry.type === type) ?? others[0];
    if (changed) return { kind: 'changed', file: changed.file, line: changed.line, keyType: changed.type };
    const authority = entries.find(({ marker }) => marker === 'cert-authority');
    if (authority) return { kind: 'authority', file: authority.file, line: authority.line };
    return { kind: 'unknown', files: this.#files };
  }

  #about(name: string): readonly Entry[] {
    return this.#entries.filter((entry) => isAbout(entry, name) && keyOf(entry));
  }
}

async function readText(file: string): Promise<string> {
  try {
    return (await readBounded(file, MAX_BYTES)).toString('utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw knownHostsFailure(file, 'read', error);
  }
}

function readEntries(file: string, text: string): readonly Entry[] {
  return text
    .split('\n')
    .map((line, index) => readEntry(line, file, index + 1))
    .filter((entry) => entry !== undefined);
}
