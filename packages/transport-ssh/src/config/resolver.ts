import { ConnectError } from '@execnet/core/plugin';
import type { Account } from './account.ts';
import type { HostAddress } from './address.ts';
import { badLine } from './config-error.ts';
import { describeDestination } from './describe.ts';
import type { Destination, ProxyRoute } from './destination.ts';
import { type Jump, resolveJump } from './jump.ts';
import type { ConfigLine } from './line.ts';
import { resolveProxyCommand } from './proxy-command.ts';
import { ConfigReader, canonicalCase } from './reader.ts';
import { refuseUnsupported } from './refuse.ts';
import { Settings } from './settings.ts';
import { allTokens, expandTilde, expandTokensAndEnv, type TokenSource } from './tokens.ts';
import { isNone } from './values.ts';

/** What all hosts on the way are resolved from. */
export interface Sources {
  readonly account: Account;
  readonly env: NodeJS.ProcessEnv;
  /** The only file to read, if one was named. */
  readonly file: string | undefined;
  readonly systemFile: string;
}

/** No way is that long; names made by `%h` could go on for ever. */
const MAX_HOPS = 16;

/** Resolves a host and the hosts on the way to it, all from the same files. */
export class Resolver {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** `trail` are the hosts that asked for this one as a jump host, the destination first. */
  async resolve(original: string, settings: Settings, trail: readonly string[]): Promise<Destination> {
    const { account, env } = this.#sources;
    const reader = new ConfigReader(settings, { original, account, env });
    await this.#readFiles(reader);
    const host = canonicalCase(reader.host);
    if (reader.finalPassWanted) {
      reader.beginFinalPass();
      await this.#readFiles(reader);
    }
    refuseUnsupported(settings, trail.length > 0);
    const named: TokenSource = { ...reader.tokenSource, host };
    const source = { ...named, user: userOf(settings, named, this.#sources) };
    const jump = resolveJump(settings, source);
    const last = jump?.hops.at(-1)?.host;
    const tokens = allTokens(last === undefined ? source : { ...source, jumpHost: last }, account);
    const proxy = jump ? await this.#throughHops(jump, source, trail) : commandProxy(settings, source);
    return describeDestination({ settings, source, context: { tokens, account, env }, proxy });
  }

  /** A named file must be there, the usual ones need not. */
  async #readFiles(reader: ConfigReader): Promise<void> {
    const { account, file, systemFile } = this.#sources;
    if (file === undefined) {
      await reader.read(`${account.home}/.ssh/config`, { ofUser: true, checkPermissions: true });
      await reader.read(systemFile, { ofUser: false, checkPermissions: false });
    } else if (!isNone(file)) {
      const path = expandTilde(file, account, { text: `-F ${file}`, own: true });
      if (await reader.read(path, { ofUser: true, checkPermissions: false })) return;
      throw new ConnectError(
        'ERR_EXECNET_SSH_CONFIG',
        `there is no ssh configuration ${path}, which -F or ssh_config= names; "none" reads no file`,
      );
    }
  }

  /**
   * The hosts in between. Each takes its settings from the files, as OpenSSH, which starts an ssh for each: the words of the destination
   * are not for them. The first may be behind further hosts, or a command, by its own settings.
   */
  async #throughHops(
    { place, hops }: Jump,
    source: TokenSource,
    trail: readonly string[],
  ): Promise<ProxyRoute> {
    const asking = `${source.user}@${source.host}:${source.port}`;
    const last = hops.at(-1) as HostAddress;
    const asked = `${last.user ?? source.user}@${last.host.toLowerCase()}:${last.port ?? 22}`;
    if (asked === asking || trail.includes(asking) || trail.length >= MAX_HOPS)
      throw badLine(place, `the jump hosts go in circles: ${[...trail, asking, asked].join(' → ')}`);
    const resolved: Destination[] = [];
    for (const [index, hop] of hops.entries()) {
      const settings = hopSettings(hop);
      // it is reached through those before it, whatever its own settings say
      const isFirst = index === 0;
      if (!isFirst) settings.add(plain('ProxyCommand', 'none'), true);
      const { proxy, ...destination } = await this.resolve(hop.host, settings, [...trail, asking]);
      if (proxy?.kind === 'jump') resolved.push(...proxy.hops);
      resolved.push(proxy?.kind === 'command' ? { ...destination, proxy } : destination);
    }
    return { kind: 'jump', hops: resolved };
  }
}

function hopSettings({ user, port }: HostAddress): Settings {
  const settings = new Settings();
  if (user !== undefined) settings.add(plain('User', user), true);
  if (port !== undefined) settings.add(plain('Port', String(port)), true);
  return settings;
}

function plain(name: string, value: string): ConfigLine {
  return {
    keyword: name.toLowerCase(),
    name,
    rest: value,
    words: [value],
    place: { text: `${name} ${value}`, own: true },
  };
}

/** The remote user. Tokens are expanded in a file's User, as OpenSSH does since 10, but not in a name that the user typed. */
function userOf(settings: Settings, source: TokenSource, { account, env }: Sources): string {
  const setting = settings.get('user');
  const user = setting?.values[0];
  if (!setting || user === undefined) return account.user;
  if (setting.place.own) return user;
  const { C: _hash, r: _user, ...tokens } = allTokens(source, account);
  return expandTokensAndEnv(user, tokens, setting.place, env);
}

function commandProxy(settings: Settings, source: TokenSource): ProxyRoute | undefined {
  const command = resolveProxyCommand(settings, source);
  return command === undefined ? undefined : { kind: 'command', command };
}
