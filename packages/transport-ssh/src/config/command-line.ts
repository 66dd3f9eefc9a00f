import { SpecError } from '@execnet/core/plugin';
import { isSafeUser } from './address.ts';
import { badLine, notHonoured, type Place } from './config-error.ts';
import { type ConfigLine, readConfigLine } from './line.ts';
import { Settings } from './settings.ts';
import type { SshOption, SshWords } from './words.ts';

/** What the switches of ssh(1) say in the words of ssh_config(5). */
const SWITCHES: ReadonlyMap<string, string> = new Map([
  ['4', 'AddressFamily inet'],
  ['6', 'AddressFamily inet6'],
  ['C', 'Compression yes'],
  ['T', 'RequestTTY no'],
  ['a', 'ForwardAgent no'],
  ['k', 'GSSAPIDelegateCredentials no'],
  ['q', 'LogLevel QUIET'],
  ['x', 'ForwardX11 no'],
]);

/** The same for those options that carry a value. */
const VALUED: ReadonlyMap<string, string> = new Map([
  ['J', 'ProxyJump'],
  ['i', 'IdentityFile'],
  ['l', 'User'],
  ['p', 'Port'],
]);

/** What the words say, as settings that come before those of any file. */
export interface CommandLine {
  readonly settings: Settings;
  /** `-F`, as it was written. */
  readonly configFile?: string;
}

/** Turns options into settings. Throws a `SpecError` for one that can't be honoured, names it, and says what to do. */
export function readCommandLine({ options, user, port }: SshWords): CommandLine {
  const settings = new Settings();
  requireOneJump(options);
  for (const option of options) {
    if (option.flag === 'F') continue;
    const line = asLine(option);
    if (line.keyword === 'host' || line.keyword === 'match' || line.keyword === 'include')
      throw badLine(line.place, `${line.name} belongs into a file`);
    settings.add(line, true);
  }
  // behind the options, as in OpenSSH, where the host comes last
  if (user !== undefined) settings.add(single('User', user, { text: `${user}@`, own: true }), true);
  if (port !== undefined) settings.add(single('Port', String(port), { text: `:${port}`, own: true }), true);
  const configFile = onlyFile(options);
  return { settings, ...(configFile === undefined ? {} : { configFile }) };
}

function asLine({ flag, value = '' }: SshOption): ConfigLine {
  const place: Place = { text: value === '' ? `-${flag}` : `-${flag} ${value}`, own: true };
  const setting = SWITCHES.get(flag);
  const keyword = VALUED.get(flag);
  if (flag === 'o' || setting !== undefined) {
    const line = readConfigLine(setting ?? value, place);
    if (line) return line;
    throw badLine(place, 'it sets no option; write -o Option=value');
  }
  if (flag === 'l' && !isSafeUser(value))
    throw badLine(
      place,
      "no user is called so: quotes, a dash in front and ; & | < > ( ) { } can't be part of a name",
    );
  if (keyword !== undefined) return single(keyword, value, place);
  throw notHonoured(
    place,
    `the option -${flag} can't be honoured by the client that execnet brings`,
    'leave it out',
  );
}

/** A line of one argument that is taken as it stands, whatever quotes or blanks it holds. */
function single(name: string, value: string, place: Place): ConfigLine {
  return { keyword: name.toLowerCase(), name, rest: value, words: [value], place };
}

function requireOneJump(options: readonly SshOption[]): void {
  const jumps = options.filter(({ flag }) => flag === 'J');
  if (jumps.length > 1)
    throw new SpecError('ERR_EXECNET_SPEC', '-J is given twice; name all hosts in one, separated by commas');
  const command = options.find(({ flag, value }) => flag === 'o' && /^\s*proxycommand\b/i.test(value ?? ''));
  if (jumps.length > 0 && command)
    throw new SpecError('ERR_EXECNET_SPEC', '-J and -o ProxyCommand exclude each other; leave one out');
}

function onlyFile(options: readonly SshOption[]): string | undefined {
  const files = new Set(options.filter(({ flag }) => flag === 'F').map(({ value }) => value as string));
  if (files.size > 1)
    throw new SpecError(
      'ERR_EXECNET_SPEC',
      `-F is given more than once: ${[...files].join(', ')}; give one file`,
    );
  return [...files][0];
}
