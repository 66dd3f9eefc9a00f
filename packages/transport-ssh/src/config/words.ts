import { parseArgs } from 'node:util';
import { SpecError, splitWords } from '@execnet/core/plugin';
import { parseAddress } from './address.ts';

/** One option as it was written: `{ flag: 'p', value: '5000' }` for `-p 5000`. */
export interface SshOption {
  readonly flag: string;
  readonly value?: string;
}

/** The words of `ssh=`, options and host apart. */
export interface SshWords {
  readonly host: string;
  /** Only from `user@host`; `-l` is among the options. */
  readonly user?: string;
  /** Only from `host:port`; `-p` is among the options. */
  readonly port?: number;
  /** In the order of writing: OpenSSH takes the first of each kind. */
  readonly options: readonly SshOption[];
  /** The options as words for a command line. */
  readonly arguments: readonly string[];
}

/** The options of ssh(1), OpenSSH 10: those that are switches, and those that take a value. */
const SWITCHES = '1246ACGKMNTVXYafgknqstvxy';
const VALUED = 'BDEFIJLOPQRSWbceilmopw';

const OPTIONS = Object.fromEntries([
  ...SWITCHES.split('').map((flag) => [flag, { type: 'boolean', short: flag, multiple: true }] as const),
  ...VALUED.split('').map((flag) => [flag, { type: 'string', short: flag, multiple: true }] as const),
]);

/**
 * Takes the words of `ssh=` apart: options as ssh(1) has them, quoted as for a shell, and one host, which may be `user@host:port`. Reads no
 * file, and judges no option beyond that ssh has it. Throws a `SpecError` for anything else.
 */
export function parseSshWords(value: string): SshWords {
  const tokens = readTokens(value);
  const options: SshOption[] = [];
  const hosts: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') hosts.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.rawName.startsWith('--'))
      throw wrong(value, `${token.rawName} is no option of ssh, which has short ones only`);
    options.push(token.value === undefined ? { flag: token.name } : { flag: token.name, value: token.value });
  }
  const [host, extra] = hosts;
  if (!host) throw wrong(value, 'it names no host');
  if (extra !== undefined)
    throw wrong(
      value,
      `${JSON.stringify(extra)} stands behind the host ${JSON.stringify(host)}; execnet says itself what to run there`,
    );
  const address = parseAddress(host);
  if (!address)
    throw wrong(
      value,
      `${JSON.stringify(host)} is no host such as web, me@web:2222 or [::1]:22; quotes, blanks and $ ; & | < > ( ) { } \\ can't be part of one`,
    );
  const { user, port } = address;
  requireAgreement(value, options, { flag: 'l', named: user });
  requireAgreement(value, options, { flag: 'p', named: port === undefined ? undefined : String(port) });
  return { ...address, options, arguments: options.flatMap(asWords) };
}

function asWords({ flag, value }: SshOption): readonly string[] {
  return value === undefined ? [`-${flag}`] : [`-${flag}`, value];
}

function readTokens(value: string): readonly Token[] {
  const args = splitWords(value);
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true, tokens: true }).tokens as Token[];
  } catch (error) {
    // the first sentence tells what is wrong; what follows it is advice for a program's own command line
    const [what] = (error as Error).message.split(/\. |\n/);
    throw wrong(value, what as string);
  }
}

type Token =
  | { readonly kind: 'option'; readonly name: string; readonly rawName: string; readonly value?: string }
  | { readonly kind: 'positional'; readonly value: string }
  | { readonly kind: 'option-terminator' };

/** Two names for one thing are a slip if they differ; OpenSSH would silently take one. */
function requireAgreement(
  value: string,
  options: readonly SshOption[],
  { flag, named }: { flag: string; named: string | undefined },
): void {
  const other = options.find((option) => option.flag === flag)?.value;
  if (named === undefined || other === undefined || other === named) return;
  throw wrong(value, `-${flag} ${other} contradicts the ${JSON.stringify(named)} of the host; leave one out`);
}

function wrong(value: string, what: string): SpecError {
  return new SpecError('ERR_EXECNET_SPEC', `ssh=${value}: ${what}`);
}
