import { badLine } from './config-error.ts';
import { matchPattern } from './patterns.ts';
import type { Settings } from './settings.ts';

/**
 * The variables to set at the remote end: those of `env` that SendEnv names, and those of SetEnv, which win.
 * Of SetEnv only the first line counts, and in it the first value for a name; every SendEnv does, and `-PATTERN` takes back earlier ones.
 */
export function resolveEnvironment(
  settings: Settings,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const patterns = sentPatterns(settings);
  const sent = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && patterns.some((pattern) => matchPattern(entry[0], pattern)),
  );
  return Object.fromEntries([...sent, ...givenVariables(settings)]);
}

function sentPatterns(settings: Settings): readonly string[] {
  let patterns: string[] = [];
  for (const { name, values, place } of settings.all('sendenv')) {
    for (const value of values) {
      if (value.includes('='))
        throw badLine(place, `${name} ${JSON.stringify(value)} is no name of a variable`);
      if (value.startsWith('-')) patterns = patterns.filter((known) => !matchPattern(known, value.slice(1)));
      else patterns.push(value);
    }
  }
  return patterns;
}

function givenVariables(settings: Settings): ReadonlyMap<string, string> {
  const setting = settings.get('setenv');
  const variables = new Map<string, string>();
  for (const value of setting?.values ?? []) {
    const at = value.indexOf('=');
    if (setting && at <= 0)
      throw badLine(setting.place, `${setting.name} ${JSON.stringify(value)} is not of the form NAME=value`);
    const name = value.slice(0, at);
    if (!variables.has(name)) variables.set(name, value.slice(at + 1));
  }
  return variables;
}
