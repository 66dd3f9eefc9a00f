import { isSafeHost, isSafeUser } from './address.ts';
import { badLine, notHonoured, type Place } from './config-error.ts';
import type { Settings } from './settings.ts';
import { expandTokens, type TokenSource } from './tokens.ts';
import { isNone } from './values.ts';

/** The command of ProxyCommand, tokens expanded; undefined if there is none. */
export function resolveProxyCommand(settings: Settings, source: TokenSource): string | undefined {
  const setting = settings.get('proxycommand');
  const written = setting?.values[0] ?? '';
  if (!setting || written === '' || isNone(written)) return undefined;
  const { place } = setting;
  if (written === '-')
    throw notHonoured(place, 'ProxyCommand "-" (stdin and stdout of this process) can\'t be honoured');
  const { original, host, port, user } = source;
  requireSafe(place, source);
  return expandTokens(written, { h: host, n: original, p: port, r: user }, place);
}

/** A shell reads the command: names that come from elsewhere must not become a part of it (CVE-2023-51385). */
function requireSafe(place: Place, { original, host, user }: TokenSource): void {
  for (const name of [original, host]) {
    if (!isSafeHost(name))
      throw badLine(
        place,
        `ProxyCommand is not run for the host ${JSON.stringify(name)}: no host is called so`,
      );
  }
  if (!isSafeUser(user))
    throw badLine(
      place,
      `ProxyCommand is not run for the user ${JSON.stringify(user)}: a shell could misread it`,
    );
}
