import { type HostAddress, parseAddress } from './address.ts';
import { badLine, type Place } from './config-error.ts';
import type { Settings } from './settings.ts';
import { expandTokens, type TokenSource } from './tokens.ts';
import { isNone } from './values.ts';

/** The hosts of ProxyJump, in the order of connecting, and where they stand. */
export interface Jump {
  readonly place: Place;
  readonly hops: readonly HostAddress[];
}

/** Reads ProxyJump, tokens expanded; undefined if there is none. */
export function resolveJump(
  settings: Settings,
  { original, host, port, user }: TokenSource,
): Jump | undefined {
  const setting = settings.get('proxyjump');
  // a comment may follow, unlike after a command
  const written = setting?.values[0]?.split('#')[0]?.trimEnd();
  if (!setting || !written || isNone(written)) return undefined;
  const { place } = setting;
  const expanded = expandTokens(written, { h: host, n: original, p: port, r: user }, place);
  const hops = expanded.split(',').map((text) => {
    const address = isNone(text) ? undefined : parseAddress(text);
    if (address) return address;
    throw badLine(
      place,
      `${JSON.stringify(text)} of ProxyJump ${JSON.stringify(written)} is no host such as gate, me@gate:2222 or ssh://me@gate`,
    );
  });
  return { place, hops };
}
