import type { Account } from './account.ts';
import { badLine, notHonoured } from './config-error.ts';
import type { AuthenticationMethod, IdentityFile } from './destination.ts';
import type { Setting, Settings } from './settings.ts';
import { expandTilde, expandTokensAndEnv, type Tokens } from './tokens.ts';
import { isNone } from './values.ts';

/** What paths are expanded with. */
export interface PathContext {
  readonly tokens: Tokens;
  readonly account: Account;
  readonly env: NodeJS.ProcessEnv;
}

/** A path of a setting, `~`, tokens and environment expanded. */
export function expandPath(path: string, { place }: Setting, { tokens, account, env }: PathContext): string {
  return expandTokensAndEnv(expandTilde(path, account, place), tokens, place, env);
}

/** OpenSSH's default files, in its order, without the kinds that ssh2 can't use: FIDO, XMSS and DSA. */
const DEFAULT_IDENTITIES = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

/** The files of private keys: those that are named, or else the default ones. */
export function resolveIdentities(settings: Settings, context: PathContext): readonly IdentityFile[] {
  const named = settings.all('identityfile');
  if (named.length === 0)
    return DEFAULT_IDENTITIES.map((name) => ({
      path: `${context.account.home}/.ssh/${name}`,
      explicit: false,
    }));
  const paths = named
    .filter(({ values }) => !isNone(values[0] as string))
    .map((setting) => expandPath(setting.values[0] as string, setting, context));
  return [...new Set(paths)].map((path) => ({ path, explicit: true }));
}

/** The socket of the agent, or undefined for none. */
export function resolveAgent(settings: Settings, context: PathContext): string | undefined {
  const usual = context.env['SSH_AUTH_SOCK'] || undefined;
  const setting = settings.get('identityagent');
  const value = setting?.values[0];
  if (!setting || value === undefined || value === 'SSH_AUTH_SOCK') return usual;
  if (isNone(value)) return undefined;
  if (!value.startsWith('$') || value.startsWith('${')) return expandPath(value, setting, context);
  if (!/^\$\w+$/.test(value))
    throw badLine(setting.place, `${setting.name} ${JSON.stringify(value)} names no environment variable`);
  return context.env[value.slice(1)] || undefined;
}

const METHODS: readonly AuthenticationMethod[] = ['publickey', 'keyboard-interactive', 'password'];

/** The methods that may be tried, in order. Preferring only methods that ssh2 has not is an error. */
export function resolveMethods(settings: Settings): readonly AuthenticationMethod[] {
  const allowed: Record<AuthenticationMethod, boolean> = {
    publickey: settings.value('pubkeyauthentication') !== 'no',
    'keyboard-interactive': settings.value('kbdinteractiveauthentication') !== 'no',
    password: settings.value('passwordauthentication') !== 'no',
  };
  return preferredMethods(settings.get('preferredauthentications')).filter((method) => allowed[method]);
}

function preferredMethods(setting: Setting | undefined): readonly AuthenticationMethod[] {
  if (!setting) return METHODS;
  const names = new Set((setting.values[0] as string).split(','));
  const preferred = [...names].flatMap((name) => METHODS.filter((method) => method === name));
  if (preferred.length > 0) return preferred;
  throw notHonoured(
    setting.place,
    `${setting.name} ${setting.values[0]} holds no method that ssh2 has: ${METHODS.join(', ')}`,
    'add one of these',
  );
}
