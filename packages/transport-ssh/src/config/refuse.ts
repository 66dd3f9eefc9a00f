import { ConnectError } from '@execnet/core/plugin';
import { notHonoured } from './config-error.ts';
import { KEYWORDS, type Keyword } from './keywords.ts';
import { ACCUMULATING, type Setting, type Settings } from './settings.ts';
import { isNone } from './values.ts';

/** Keywords that ClearAllForwardings takes back. */
const FORWARDINGS: ReadonlySet<string> = new Set(['localforward', 'remoteforward', 'dynamicforward']);

/** Throws for the first setting that would change what happens, and that can't be honoured. A jump host has no session. */
export function refuseUnsupported(settings: Settings, isJumpHost: boolean): void {
  const cleared = settings.value('clearallforwardings') === 'yes';
  for (const keyword of settings.keywords()) {
    const rule = KEYWORDS.get(keyword) as Keyword;
    if (isJumpHost && rule.session) continue;
    for (const setting of settings.all(keyword)) {
      if (cleared && FORWARDINGS.has(keyword)) continue;
      if (!isHonoured(rule, setting)) throw refusal(keyword, rule, setting);
    }
  }
  refuseLocalCommand(settings);
  refuseConnection(settings);
}

function isHonoured(rule: Keyword, { values, place }: Setting): boolean {
  if (rule.effect === 'honoured' || rule.effect === 'harmless') return true;
  return (rule.effect === 'optional' && !place.own) || rule.neutral.includes(values.join(' ').toLowerCase());
}

function refusal(keyword: string, rule: Keyword, { name, values, place }: Setting): Error {
  const [neutral] = rule.neutral;
  const why = rule.why ?? 'the client that execnet brings has nothing like it';
  const override = FORWARDINGS.has(keyword)
    ? 'ClearAllForwardings=yes'
    : neutral && !ACCUMULATING.has(keyword) && `${name}=${neutral}`;
  const advice = place.own ? 'leave it out' : override ? `override it by -o '${override}'` : 'take it out';
  return notHonoured(place, `${name} ${values.join(' ')} can't be honoured: ${why}`, advice);
}

/** Only both together do something. */
function refuseLocalCommand(settings: Settings): void {
  const command = settings.get('localcommand');
  if (!command || isNone(command.values[0] as string) || settings.value('permitlocalcommand') !== 'yes')
    return;
  throw notHonoured(
    command.place,
    `LocalCommand ${command.values[0]} can't be honoured: no command is run on this machine`,
    "override it by -o 'PermitLocalCommand=no'",
  );
}

function refuseConnection(settings: Settings): void {
  const refused = settings.get('refuseconnection');
  if (!refused) return;
  throw new ConnectError(
    'ERR_EXECNET_SSH_OPTION',
    `${refused.place.text}: RefuseConnection forbids to connect: ${refused.values[0]}`,
  );
}
