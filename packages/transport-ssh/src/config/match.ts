import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Account } from './account.ts';
import { badLine, notHonoured } from './config-error.ts';
import type { ConfigLine } from './line.ts';
import { matchHostList, matchList } from './patterns.ts';
import { runInShell } from './shell.ts';
import { allTokens, expandTokens, type TokenSource } from './tokens.ts';

/** What a Match line is held against: the settings as far as they were read. */
export interface MatchContext {
  readonly source: TokenSource;
  readonly tag: string;
  readonly account: Account;
  readonly env: NodeJS.ProcessEnv;
  /** The files are being read again, now that the host is known. */
  readonly finalPass: boolean;
  /** The line stands where it can't apply: it is only checked, and no command is run. */
  readonly idle: boolean;
}

export interface MatchResult {
  readonly matches: boolean;
  /** The line asks for a final pass. */
  readonly wantsFinalPass: boolean;
}

/** Criteria that need no argument. */
const BARE: ReadonlySet<string> = new Set(['all', 'canonical', 'final']);
const VALUED: ReadonlySet<string> = new Set([
  'exec',
  'host',
  'originalhost',
  'user',
  'localuser',
  'localnetwork',
  'tagged',
  'version',
  'sessiontype',
  'command',
]);

/** Decides a Match line from left to right; commands behind a criterion that fails are not run. */
export async function evaluateMatch(line: ConfigLine, context: MatchContext): Promise<MatchResult> {
  let matches = true;
  let wantsFinalPass = false;
  for (const { name, negated, argument } of readCriteria(line)) {
    if (name === 'final') wantsFinalPass = true;
    if (!matches) continue;
    const holds =
      argument === undefined
        ? name === 'all' || context.finalPass
        : await test(line, name, argument, context);
    matches = holds !== negated;
  }
  return { matches: matches && !context.idle, wantsFinalPass };
}

interface Criterion {
  readonly name: string;
  readonly negated: boolean;
  readonly argument?: string;
}

function readCriteria(line: ConfigLine): readonly Criterion[] {
  const criteria: Criterion[] = [];
  for (let at = 0; at < line.words.length; at++) {
    const word = line.words[at] as string;
    const [, bang, written, inline] = /^(!?)([^=]*)(?:=([\s\S]*))?$/.exec(word) as unknown as string[];
    const name = (written as string).toLowerCase();
    const negated = bang === '!';
    if (BARE.has(name) && inline === undefined) {
      criteria.push({ name, negated });
      continue;
    }
    if (!VALUED.has(name)) throw badLine(line.place, `${JSON.stringify(word)} is no criterion of Match`);
    const argument = inline ?? line.words[++at];
    if (!argument)
      throw badLine(line.place, `the criterion ${JSON.stringify(word)} of Match has no argument`);
    criteria.push({ name, negated, argument });
  }
  requireAllAlone(line, criteria);
  return criteria;
}

function requireAllAlone(line: ConfigLine, criteria: readonly Criterion[]): void {
  const at = criteria.findIndex(({ name }) => name === 'all');
  if (at >= 0 && (at > 1 || at < criteria.length - 1))
    throw badLine(line.place, '"all" stands alone, or as the second and last criterion of Match');
  if (criteria.length === 0) throw badLine(line.place, 'Match has no criterion');
}

async function test(
  line: ConfigLine,
  name: string,
  argument: string,
  context: MatchContext,
): Promise<boolean> {
  const { source, account } = context;
  switch (name) {
    case 'host':
      return matchHostList(source.host, argument);
    case 'originalhost':
      return matchHostList(source.original, argument);
    case 'user':
      return matchList(source.user, argument);
    case 'localuser':
      return matchList(account.user, argument);
    case 'tagged':
      return matchList(context.tag, argument);
    case 'sessiontype':
      return matchList('exec', argument);
    case 'localnetwork':
      return isLocalNetwork(line, argument);
    case 'exec': {
      const command = expandTokens(argument, allTokens(source, account), line.place);
      return context.idle ? false : runInShell(command, context.env, line.place);
    }
    default:
      // there is no version of OpenSSH to compare, and the command is not decided yet
      if (context.idle) return false;
      throw notHonoured(line.place, `the criterion "${name}" of Match can't be decided here`);
  }
}

/** Tells whether an address of this machine lies in one of the networks, `10.0.0.0/8,fd00::/8`. */
function isLocalNetwork(line: ConfigLine, list: string): boolean {
  const networks = new BlockList();
  for (const network of list.split(',')) {
    const [address = '', length, extra] = network.split('/');
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    if (version === 0 || extra !== undefined || !(prefix <= bits))
      throw badLine(line.place, `${JSON.stringify(network)} is no network such as 10.0.0.0/8`);
    networks.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
  }
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ address, family }) => networks.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4'));
}
