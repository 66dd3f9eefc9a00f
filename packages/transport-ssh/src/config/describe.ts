import { existsSync } from 'node:fs';
import { resolveAlgorithms } from './algorithms.ts';
import {
  expandPath,
  type PathContext,
  resolveAgent,
  resolveIdentities,
  resolveMethods,
} from './authentication.ts';
import { badLine } from './config-error.ts';
import type { Destination, IdentityFile, ProxyRoute } from './destination.ts';
import { resolveEnvironment } from './environment.ts';
import type { Settings } from './settings.ts';
import { expandTilde, type TokenSource } from './tokens.ts';
import { isNone } from './values.ts';

/** A host of which everything is known that files say. */
export interface Resolved {
  readonly settings: Settings;
  readonly source: TokenSource;
  readonly context: PathContext;
  readonly proxy: ProxyRoute | undefined;
}

/** The settings in the form of a destination, defaults filled in. */
export function describeDestination({ settings, source, context, proxy }: Resolved): Destination {
  const { algorithms, notes } = resolveAlgorithms(settings);
  const identityFiles = resolveIdentities(settings, context);
  const agent = resolveAgent(settings, context);
  const connectTimeout = milliseconds(settings, 'connecttimeout');
  const family = FAMILIES.get(settings.value('addressfamily') ?? 'any');
  const allNotes = [...notes, ...notesOn(settings, identityFiles)];
  return {
    original: source.original,
    host: source.host,
    port: Number(source.port),
    user: source.user,
    ...(family === undefined ? {} : { family }),
    ...(source.hostKeyAlias === undefined ? {} : { hostKeyAlias: source.hostKeyAlias }),
    identityFiles,
    identitiesOnly: isYes(settings, 'identitiesonly'),
    ...(agent === undefined ? {} : { agent }),
    ...(proxy === undefined ? {} : { proxy }),
    ...knownHostsFiles(settings, context),
    strictHostKeyChecking: strictness(settings),
    hashKnownHosts: isYes(settings, 'hashknownhosts'),
    noHostAuthenticationForLocalhost: isYes(settings, 'nohostauthenticationforlocalhost'),
    requiredRsaSize: numberOf(settings, 'requiredrsasize', 1024),
    ...(connectTimeout > 0 ? { connectTimeout } : {}),
    connectionAttempts: attempts(settings),
    serverAlive: {
      interval: milliseconds(settings, 'serveraliveinterval'),
      countMax: numberOf(settings, 'serveralivecountmax', 3),
    },
    compression: isYes(settings, 'compression'),
    env: resolveEnvironment(settings, context.env),
    batchMode: isYes(settings, 'batchmode'),
    methods: resolveMethods(settings),
    numberOfPasswordPrompts: numberOf(settings, 'numberofpasswordprompts', 3),
    algorithms,
    ...(allNotes.length > 0 ? { notes: allNotes } : {}),
  };
}

const FAMILIES: ReadonlyMap<string, 4 | 6> = new Map([
  ['inet', 4],
  ['inet6', 6],
]);

function isYes(settings: Settings, keyword: string): boolean {
  return settings.value(keyword) === 'yes';
}

function numberOf(settings: Settings, keyword: string, usual: number): number {
  return Number(settings.value(keyword) ?? usual);
}

/** Milliseconds of a time in seconds; `none` and what is not set is 0. */
function milliseconds(settings: Settings, keyword: string): number {
  const seconds = settings.value(keyword) ?? 'none';
  return isNone(seconds) ? 0 : Number(seconds) * 1000;
}

function attempts(settings: Settings): number {
  const setting = settings.get('connectionattempts');
  const count = numberOf(settings, 'connectionattempts', 1);
  if (setting && count === 0) throw badLine(setting.place, `${setting.name} 0 would never connect`);
  return count;
}

function strictness(settings: Settings): Destination['strictHostKeyChecking'] {
  const value = settings.value('stricthostkeychecking') ?? 'ask';
  return value === 'off' ? 'no' : (value as Destination['strictHostKeyChecking']);
}

/** OpenSSH expands all in the user's files, and only the tilde in the system's. */
function knownHostsFiles(
  settings: Settings,
  context: PathContext,
): Pick<Destination, 'userKnownHosts' | 'globalKnownHosts'> {
  const { account } = context;
  const user = settings.get('userknownhostsfile');
  const global = settings.get('globalknownhostsfile');
  const isFile = (path: string): boolean => !isNone(path);
  return {
    userKnownHosts: user
      ? user.values.filter(isFile).map((path) => expandPath(path, user, context))
      : [`${account.home}/.ssh/known_hosts`, `${account.home}/.ssh/known_hosts2`],
    globalKnownHosts: global
      ? global.values.filter(isFile).map((path) => expandTilde(path, account, global.place))
      : ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
  };
}

/** Permissions that were given and can't be made use of. */
const UNUSED: ReadonlyMap<string, string> = new Map([
  ['gssapiauthentication', 'ssh2 has no GSSAPI'],
  ['gssapikeyexchange', 'ssh2 has no GSSAPI'],
  ['usekeychain', 'passphrases are not taken from a keychain'],
]);

function notesOn(settings: Settings, identityFiles: readonly IdentityFile[]): readonly string[] {
  const unused = [...UNUSED].flatMap(([keyword, why]) => {
    const setting = settings.get(keyword);
    return setting?.values[0] === 'yes'
      ? [`${setting.place.text}: ${setting.name} yes has no effect: ${why}`]
      : [];
  });
  const certificates = identityFiles
    .map(({ path }) => `${path}-cert.pub`)
    .filter((path) => existsSync(path))
    .map((path) => `the certificate ${path} is not used: ssh2 has no certificates`);
  return [...unused, ...certificates];
}
