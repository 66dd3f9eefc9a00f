import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Account } from './account.ts';
import { badLine, type Place } from './config-error.ts';

/** What the `%` tokens of ssh_config(5) stand for, by letter. */
export type Tokens = Readonly<Record<string, string>>;

/** What is known of the destination when tokens are expanded. */
export interface TokenSource {
  /** The host as the user named it. */
  readonly original: string;
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly hostKeyAlias: string | undefined;
  /** The host of ProxyJump, for `%j`. */
  readonly jumpHost?: string;
}

/** The tokens that most keywords accept: those of `Match exec`, of paths, of `Include`. */
export function allTokens(source: TokenSource, account: Account): Tokens {
  const local = hostname();
  const { original, host, port, user, hostKeyAlias, jumpHost = '' } = source;
  return {
    // '%C' of OpenSSH: "Hash of %l%h%p%r%j"
    C: createHash('sha1').update(`${local}${host}${port}${user}${jumpHost}`).digest('hex'),
    L: local.split('.')[0] as string,
    d: account.home,
    h: host,
    i: String(account.uid),
    j: jumpHost,
    k: hostKeyAlias ?? original,
    l: local,
    n: original,
    p: port,
    r: user,
    u: account.user,
  };
}

/** Replaces `%x` by tokens and `%%` by `%`. A token that is none, or not one of this keyword's, is an error. */
export function expandTokens(text: string, tokens: Tokens, place: Place): string {
  return text.replace(/%([\s\S]?)/g, (_, letter: string) => token(letter, { text, tokens, place }));
}

/** As {@link expandTokens}, and replaces `${NAME}` by the environment; in one pass, so that nothing is expanded twice. */
export function expandTokensAndEnv(
  text: string,
  tokens: Tokens,
  place: Place,
  env: NodeJS.ProcessEnv,
): string {
  return text.replace(/%([\s\S]?)|\$\{([^}]*)(\}?)/g, (_, letter, name, close) => {
    if (name === undefined) return token(letter, { text, tokens, place });
    if (close === '' || !/^\w+$/.test(name))
      throw badLine(place, `${JSON.stringify(text)} holds a \${…} that names no environment variable`);
    const value = env[name];
    if (value === undefined)
      throw badLine(place, `the environment variable ${name} of ${JSON.stringify(text)} is not set`);
    return value;
  });
}

/** Replaces `~` and `~me` at the front by the home of the account. That of another user is an error: only the system knows it. */
export function expandTilde(path: string, account: Account, place: Place): string {
  const found = /^~([^/]*)([\s\S]*)$/.exec(path);
  if (!found) return path;
  const [, user, rest] = found as unknown as [string, string, string];
  if (user === '' || user === account.user) return `${account.home}${rest || '/'}`;
  throw badLine(
    place,
    `"~${user}" in ${JSON.stringify(path)} is the home of another user; write its full path`,
  );
}

function token(
  letter: string,
  { text, tokens, place }: { text: string; tokens: Tokens; place: Place },
): string {
  if (letter === '%') return '%';
  const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
  if (value !== undefined) return value;
  throw badLine(
    place,
    `${JSON.stringify(text)} holds %${letter}, which is none of ${Object.keys(tokens)
      .map((known) => `%${known}`)
      .join(' ')} %%`,
  );
}
