/**
 * Tells whether `text` fits `pattern`, in which `*` stands for any characters and `?` for exactly one (ssh_config(5), PATTERNS).
 *
 * Case counts. Takes at most the product of both lengths: patterns come from files that others write, and a regular expression made of
 * `*a*a*a*b` can take for ever.
 */
export function matchPattern(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const expected = pattern[next];
    if (expected === '*') {
      star = next++;
      resume = at;
    } else if (expected === '?' || (expected !== undefined && expected === text[at])) {
      at++;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}

/** What a list of patterns says of a text: one with `!` that fits decides against all others. */
export type ListMatch = 'match' | 'none' | 'negated';

/** Matches against each of `patterns`, of which some may be negated by a leading `!`. */
export function matchPatterns(text: string, patterns: readonly string[]): ListMatch {
  let found: ListMatch = 'none';
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchPattern(text, negated ? pattern.slice(1) : pattern)) continue;
    if (negated) return 'negated';
    found = 'match';
  }
  return found;
}

/** Matches against a comma-separated list, as OpenSSH's `match_pattern_list`. */
export function matchList(text: string, list: string): boolean {
  return matchPatterns(text, list.split(',')) === 'match';
}

/** As {@link matchList}, for the names of hosts: case does not count. */
export function matchHostList(host: string, list: string): boolean {
  return matchList(host.toLowerCase(), list.toLowerCase());
}
