import { notHonoured, type Place } from './config-error.ts';
import { ALIASES, KEYWORDS } from './keywords.ts';
import type { ConfigLine } from './line.ts';
import { matchHostList } from './patterns.ts';
import { isNone, readValues } from './values.ts';

/** One line that applies, its arguments in their normal form. */
export interface Setting {
  readonly name: string;
  readonly values: readonly string[];
  readonly place: Place;
}

/** Keywords of which every line counts; of all others the first one does. */
export const ACCUMULATING: ReadonlySet<string> = new Set([
  'certificatefile',
  'dynamicforward',
  'identityfile',
  'localforward',
  'remoteforward',
  'sendenv',
]);

/** The settings that apply to one host, collected in the order of reading. */
export class Settings {
  readonly #settings = new Map<string, Setting[]>();

  /**
   * Checks the line, and takes it if it is `active` and not too late. An unknown keyword and a malformed argument are errors whether active
   * or not, as in OpenSSH, unless IgnoreUnknown, as far as it was read by then, allows for the keyword.
   */
  add(line: ConfigLine, active: boolean): void {
    const keyword = ALIASES.get(line.keyword) ?? line.keyword;
    const known = KEYWORDS.get(keyword);
    if (!known) {
      if (matchHostList(keyword, this.value('ignoreunknown') ?? '')) return;
      throw notHonoured(
        line.place,
        `no option ${line.name} is known`,
        'correct it, or name it in IgnoreUnknown',
      );
    }
    const setting: Setting = { name: line.name, values: readValues(line, known.form), place: line.place };
    if (!active || this.#isTooLate(keyword)) return;
    const settings = this.#settings.get(keyword);
    if (settings) settings.push(setting);
    else this.#settings.set(keyword, [setting]);
  }

  /** A jump and a command are two answers to one question: the first is taken, but "ProxyJump none" leaves it open for a command. */
  #isTooLate(keyword: string): boolean {
    if (ACCUMULATING.has(keyword)) return false;
    if (this.#settings.has(keyword)) return true;
    if (keyword === 'proxyjump') return this.#settings.has('proxycommand');
    return keyword === 'proxycommand' && !isNone(this.value('proxyjump') ?? 'none');
  }

  /** The setting that counts, the first one. */
  get(keyword: string): Setting | undefined {
    return this.#settings.get(keyword)?.[0];
  }

  /** The first argument of the setting that counts. */
  value(keyword: string): string | undefined {
    return this.get(keyword)?.values[0];
  }

  /** Every setting of a keyword of which all count, in the order of reading. */
  all(keyword: string): readonly Setting[] {
    return this.#settings.get(keyword) ?? [];
  }

  /** Keywords that were set. */
  keywords(): Iterable<string> {
    return this.#settings.keys();
  }
}
