import { readPort } from './values.ts';

/** `user@host:port`, taken apart. */
export interface HostAddress {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * Reads `host`, `user@host`, `host:port`, `[address]:port` or `ssh://user@host:port`. More than one colon outside of brackets is an IPv6
 * address without a port. Undefined if it is none of these, or {@link isSafeHost} or {@link isSafeUser} refuses a part.
 */
export function parseAddress(text: string): HostAddress | undefined {
  const isUri = /^ssh:\/\//i.test(text);
  const address = isUri ? text.slice('ssh://'.length).replace(/\/$/, '') : text;
  const at = address.lastIndexOf('@');
  const named = /^(?:\[([^[\]]+)\]|([^[\]:]+|[^[\]:]*:[^[\]]*:[^[\]]*))(?::([^:]*))?$/.exec(
    address.slice(at + 1),
  );
  const host = named?.[1] ?? named?.[2];
  if (!host || !isSafeHost(host)) return undefined;
  const port = named?.[3] === undefined ? undefined : readPort(named[3]);
  if (named?.[3] !== undefined && port === undefined) return undefined;
  const user = at < 0 ? undefined : userOf(address.slice(0, at), isUri);
  if (at >= 0 && !user) return undefined;
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/** The user's name; that of a URI may end in `;parameters` and holds `%40` for `@`. */
function userOf(text: string, isUri: boolean): string | undefined {
  let user = text;
  try {
    if (isUri) user = decodeURIComponent(text.split(';')[0] as string);
  } catch {
    return undefined;
  }
  return isSafeUser(user) ? user : undefined;
}

/**
 * Tells whether a host name is none that a shell or a program would take for something else: it may come from anywhere, and ProxyCommand
 * hands it to a shell. These are the characters that OpenSSH refuses since CVE-2023-51385.
 */
export function isSafeHost(host: string): boolean {
  return /^(?!-)[^\s\p{Cc}'`"$\\;&<>|(){}]+$/u.test(host);
}

/** The same for a user's name: blanks and `$` are in use, but none in front of a dash, and no backslash at the end. */
export function isSafeUser(user: string): boolean {
  return /^(?!-)(?!.*\s-)[^\p{Cc}'`";&<>|(){}]*[^\p{Cc}'`";&<>|(){}\\]$/u.test(user);
}
