import { matchHostList } from '../config/patterns.ts';
import { isHashed, matchesHash } from './hashed-name.ts';
import { keyType } from './key.ts';

/** What a line says about its key: trust it, never trust it, or trust what it has signed. */
export type Marker = 'none' | 'revoked' | 'cert-authority';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface Entry {
  readonly marker: Marker;
  /** Patterns separated by commas, or one hashed name. */
  readonly names: string;
  readonly type: string;
  /** The key in base64; decoded only where the names match, as files can be long. */
  readonly encoded: string;
  readonly file: string;
  readonly line: number;
}

const LINE = /^[ \t]*(?:@(revoked|cert-authority)[ \t]+)?([^@#\s]\S*)[ \t]+([^#\s]\S*)[ \t]+([^#\s]\S*)/;

/** Reads a line; undefined for a comment, and for what is none of the format's, which OpenSSH ignores as well. */
export function readEntry(text: string, file: string, line: number): Entry | undefined {
  const [, marker = 'none', names, type, encoded] = LINE.exec(text) ?? [];
  if (names === undefined || type === undefined || encoded === undefined) return undefined;
  return { marker: marker as Marker, names, type, encoded, file, line };
}

/** Tells whether an entry is about a name, in lower case. */
export function isAbout(entry: Entry, name: string): boolean {
  return isHashed(entry.names) ? matchesHash(name, entry.names) : matchHostList(name, entry.names);
}

/** The key of an entry; undefined if it is not one of the type that the line names. */
export function keyOf({ type, encoded }: Entry): Buffer | undefined {
  const key = Buffer.from(encoded, 'base64');
  return keyType(key) === type ? key : undefined;
}
