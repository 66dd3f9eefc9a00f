import { isAbsolute, join } from 'node:path';
import { ConnectError } from '@execnet/core/plugin';
import type { Account } from './account.ts';
import { badLine, notHonoured, type Place } from './config-error.ts';
import { findFiles } from './include.ts';
import { type ConfigLine, readConfigLine } from './line.ts';
import { evaluateMatch } from './match.ts';
import { matchPatterns } from './patterns.ts';
import { readConfigFile } from './read-file.ts';
import type { Settings } from './settings.ts';
import { allTokens, expandTilde, expandTokens, expandTokensAndEnv, type TokenSource } from './tokens.ts';

/** How deep files may include each other: OpenSSH's READCONF_MAX_DEPTH. */
const MAX_DEPTH = 16;

/** A host as OpenSSH connects to it: in lower case, except for an IPv6 address with a zone, which is the name of an interface. */
export function canonicalCase(host: string): string {
  return host.includes('%') ? host : host.toLowerCase();
}

/** For whom files are read. */
export interface Reading {
  /** The host as the user named it. */
  readonly original: string;
  readonly account: Account;
  readonly env: NodeJS.ProcessEnv;
}

/** A file to read, or one that another one includes. */
interface Source {
  readonly path: string;
  /** The user's own, whose relative includes lie in `~/.ssh`, as opposed to the system's, whose lie in `/etc/ssh`. */
  readonly ofUser: boolean;
  readonly checkPermissions: boolean;
  readonly depth: number;
  /** Included where nothing applies: lines are checked, and none is taken. */
  readonly idle: boolean;
}

/**
 * Reads configuration files into `settings`, as far as they apply to one host.
 *
 * A pass reads every file once. A second, final one is due if a line asked for it ("Match final"); then Host and Match look at the host
 * that the first pass found, and what was set before stays.
 */
export class ConfigReader {
  readonly settings: Settings;
  readonly #reading: Reading;
  /** The host that `Host` is compared with; in the final pass the one that HostName made of it. */
  #host: string;
  #finalPass = false;
  #finalPassWanted = false;

  constructor(settings: Settings, reading: Reading) {
    this.settings = settings;
    this.#reading = reading;
    this.#host = reading.original;
  }

  get finalPassWanted(): boolean {
    return this.#finalPassWanted;
  }

  /** From now on, files are read for the host that was found. */
  beginFinalPass(): void {
    this.#host = canonicalCase(this.host);
    this.#finalPass = true;
  }

  /** The host to connect to, as far as files were read. */
  get host(): string {
    const named = this.settings.get('hostname');
    if (this.#finalPass || !named) return this.#host;
    return expandTokens(named.values[0] as string, { h: this.#host }, named.place);
  }

  /** What tokens stand for, as far as files were read. */
  get tokenSource(): TokenSource {
    return {
      original: this.#reading.original,
      host: this.host,
      port: this.settings.value('port') ?? '22',
      user: this.settings.value('user') ?? this.#reading.account.user,
      hostKeyAlias: this.settings.value('hostkeyalias')?.toLowerCase(),
    };
  }

  /** Reads a file and what it includes. False if there is none. */
  read(path: string, options: { ofUser: boolean; checkPermissions: boolean }): Promise<boolean> {
    return this.#readFile({ path, ...options, depth: 0, idle: false });
  }

  async #readFile(source: Source): Promise<boolean> {
    const { path, checkPermissions, idle } = source;
    const text = await readConfigFile(path, { checkPermissions, uid: this.#reading.account.uid });
    if (text === undefined) return false;
    let active = !idle;
    for (const [index, content] of text.split('\n').entries()) {
      const line = readConfigLine(content, { text: `${path}:${index + 1}`, own: false });
      if (line) active = await this.#take(line, active, source);
    }
    return true;
  }

  /** Acts on one line; the result says whether those behind it apply. */
  async #take(line: ConfigLine, active: boolean, source: Source): Promise<boolean> {
    switch (line.keyword) {
      case 'host':
        if (line.words.length === 0 || line.words.includes(''))
          throw badLine(line.place, 'Host has an empty argument, or none');
        return !source.idle && matchPatterns(this.#host, line.words) === 'match';
      case 'match':
        return this.#match(line, source);
      case 'include':
        await this.#include(line, active, source);
        return active;
      default:
        this.settings.add(line, active);
        return active;
    }
  }

  async #match(line: ConfigLine, { idle }: Source): Promise<boolean> {
    const { matches, wantsFinalPass } = await evaluateMatch(line, {
      source: this.tokenSource,
      tag: this.settings.value('tag') ?? '',
      account: this.#reading.account,
      env: this.#reading.env,
      finalPass: this.#finalPass,
      idle,
    });
    this.#finalPassWanted ||= wantsFinalPass;
    return matches;
  }

  async #include(line: ConfigLine, active: boolean, source: Source): Promise<void> {
    if (line.words.length === 0 || line.words.includes(''))
      throw badLine(line.place, 'Include has an empty argument, or none');
    const depth = source.depth + 1;
    if (depth > MAX_DEPTH)
      throw new ConnectError(
        'ERR_EXECNET_SSH_CONFIG',
        `${line.place.text}: files include each other more than ${MAX_DEPTH} levels deep; does one include itself?`,
      );
    for (const word of line.words) {
      for (const path of await findFiles(this.#anchor(word, line.place, source.ofUser)))
        await this.#readFile({ ...source, path, depth, checkPermissions: true, idle: !active });
    }
  }

  /** The absolute path of what a line includes. */
  #anchor(word: string, place: Place, ofUser: boolean): string {
    const { account, env } = this.#reading;
    if (word.startsWith('~') && !ofUser)
      throw badLine(place, `${JSON.stringify(word)}: a file of the system includes none from a home`);
    if (word.includes('[:')) throw notHonoured(place, `the class of characters in ${word} can't be honoured`);
    const path = expandTilde(word, account, place);
    const expanded = /%|\$\{/.test(path)
      ? expandTokensAndEnv(path, allTokens(this.tokenSource, account), place, env)
      : path;
    if (isAbsolute(expanded)) return expanded;
    return ofUser ? join(account.home, '.ssh', expanded) : join('/etc/ssh', expanded);
  }
}
