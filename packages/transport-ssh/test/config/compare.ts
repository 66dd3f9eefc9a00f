import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import type { Destination } from '../../src/config/index.ts';
import type { Printed } from './openssh.ts';

const constants = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js');

/** A destination in the words of `ssh -G`. */
export function asPrinted(destination: Destination): Record<string, unknown> {
  const { proxy } = destination;
  return {
    hostname: destination.host,
    port: String(destination.port),
    user: destination.user,
    addressfamily: destination.family === undefined ? 'any' : destination.family === 4 ? 'inet' : 'inet6',
    hostkeyalias: destination.hostKeyAlias,
    identityfile: destination.identityFiles.filter(({ explicit }) => explicit).map(({ path }) => path),
    identitiesonly: destination.identitiesOnly,
    proxycommand: proxy?.kind === 'command' ? proxy.command : undefined,
    proxyjump: proxy?.kind === 'jump' ? proxy.hops.map(({ original }) => original).join(',') : undefined,
    userknownhostsfile: destination.userKnownHosts.join(' '),
    globalknownhostsfile: destination.globalKnownHosts.join(' '),
    stricthostkeychecking: destination.strictHostKeyChecking,
    hashknownhosts: destination.hashKnownHosts,
    nohostauthenticationforlocalhost: destination.noHostAuthenticationForLocalhost,
    requiredrsasize: destination.requiredRsaSize,
    connecttimeout: (destination.connectTimeout ?? 0) / 1000,
    connectionattempts: destination.connectionAttempts,
    serveraliveinterval: destination.serverAlive.interval / 1000,
    serveralivecountmax: destination.serverAlive.countMax,
    compression: destination.compression,
    env: destination.env,
    batchmode: destination.batchMode,
    methods: destination.methods,
    numberofpasswordprompts: destination.numberOfPasswordPrompts,
    kexalgorithms: sorted(destination.algorithms.kex),
    ciphers: sorted(destination.algorithms.cipher),
    macs: sorted(destination.algorithms.hmac),
    hostkeyalgorithms: sorted(destination.algorithms.serverHostKey),
    pubkeyacceptedalgorithms: sorted(destination.algorithms.publicKey),
  };
}

/** What OpenSSH printed in the same form; `configured` are the algorithms that the destination has an opinion on. */
export function fromPrinted(
  printed: Printed,
  { algorithms }: Destination,
  env: NodeJS.ProcessEnv,
): Record<string, unknown> {
  const one = (keyword: string): string | undefined => printed.get(keyword)?.[0];
  const yes = (keyword: string): boolean => ['yes', 'true'].includes(one(keyword) ?? '');
  const number = (keyword: string): number => (one(keyword) === 'none' ? 0 : Number(one(keyword)));
  const allowed = (keyword: string, list: unknown, supported: string): unknown =>
    list &&
    sorted(
      one(keyword)
        ?.split(',')
        .filter((name) => constants[supported].includes(name)),
    );
  const files = (printed.get('identityfile') ?? []).map((path) => path.replace(/^~/, userInfo().homedir));
  const usual = files.some((path) => path.endsWith('/.ssh/id_rsa'));
  const files2 = (keyword: string): string => (one(keyword) ?? '').replace(/^none$/i, '');
  const batchmode = yes('batchmode');
  return {
    hostname: one('hostname'),
    port: one('port'),
    user: one('user'),
    addressfamily: one('addressfamily'),
    hostkeyalias: one('hostkeyalias'),
    identityfile: usual ? [] : files.filter((path) => path.toLowerCase() !== 'none'),
    identitiesonly: yes('identitiesonly'),
    proxycommand: one('proxycommand'),
    proxyjump: one('proxyjump')?.replaceAll(/[^,@]*@|:\d+/g, ''),
    userknownhostsfile: files2('userknownhostsfile'),
    globalknownhostsfile: files2('globalknownhostsfile'),
    stricthostkeychecking:
      { true: 'yes', false: 'no' }[one('stricthostkeychecking') ?? ''] ?? one('stricthostkeychecking'),
    hashknownhosts: yes('hashknownhosts'),
    nohostauthenticationforlocalhost: yes('nohostauthenticationforlocalhost'),
    requiredrsasize: number('requiredrsasize'),
    connecttimeout: number('connecttimeout'),
    connectionattempts: number('connectionattempts'),
    // Debian's own default for batch jobs
    serveraliveinterval:
      batchmode && number('serveraliveinterval') === 300 ? 0 : number('serveraliveinterval'),
    serveralivecountmax: number('serveralivecountmax'),
    compression: yes('compression'),
    env: environment(printed, env),
    batchmode,
    methods: (one('preferredauthentications') ?? 'publickey,keyboard-interactive,password')
      .split(',')
      .filter((method) => METHODS.has(method) && yes(METHODS.get(method) as string)),
    numberofpasswordprompts: number('numberofpasswordprompts'),
    kexalgorithms: allowed('kexalgorithms', algorithms.kex, 'SUPPORTED_KEX'),
    ciphers: allowed('ciphers', algorithms.cipher, 'SUPPORTED_CIPHER'),
    macs: allowed('macs', algorithms.hmac, 'SUPPORTED_MAC'),
    hostkeyalgorithms: allowed('hostkeyalgorithms', algorithms.serverHostKey, 'SUPPORTED_SERVER_HOST_KEY'),
    pubkeyacceptedalgorithms: allowed(
      'pubkeyacceptedalgorithms',
      algorithms.publicKey,
      'SUPPORTED_SERVER_HOST_KEY',
    ),
  };
}

const METHODS = new Map([
  ['publickey', 'pubkeyauthentication'],
  ['keyboard-interactive', 'kbdinteractiveauthentication'],
  ['password', 'passwordauthentication'],
]);

/** What OpenSSH would send: only simple patterns are understood here. */
function environment(printed: Printed, env: NodeJS.ProcessEnv): Record<string, string> {
  const patterns = (printed.get('sendenv') ?? []).map(
    (pattern) => new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`),
  );
  const sent = Object.entries(env).filter(([name]) => patterns.some((pattern) => pattern.test(name)));
  const given = (printed.get('setenv') ?? []).map((text) => [
    text.slice(0, text.indexOf('=')),
    text.slice(text.indexOf('=') + 1),
  ]);
  return Object.fromEntries([...sent, ...given]);
}

// preferences have changed between versions of OpenSSH, what is allowed has not
function sorted(list: readonly string[] | undefined): readonly string[] | undefined {
  return list && [...list].toSorted();
}
