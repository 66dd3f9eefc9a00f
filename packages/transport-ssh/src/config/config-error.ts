import { ConnectError, SpecError } from '@execnet/core/plugin';

/** Where a setting stands: in a file, or among the words that the user wrote himself. */
export interface Place {
  /** `/home/me/.ssh/config:12`, or the option as it was written: `-o Port=22`. */
  readonly text: string;
  /** Written by the user in the spec, as opposed to read from a file. */
  readonly own: boolean;
}

/** Long enough to find the line again, short enough for a message even if the file is no text at all. */
const LONGEST = 400;

function brief(what: string): string {
  return what.length > LONGEST ? `${what.slice(0, LONGEST)}…` : what;
}

/** A line that OpenSSH would refuse too. */
export function badLine(place: Place, what: string): ConnectError | SpecError {
  return place.own
    ? new SpecError('ERR_EXECNET_SPEC', `${place.text}: ${brief(what)}`)
    : new ConnectError('ERR_EXECNET_SSH_CONFIG', `${place.text}: ${brief(what)}; see ssh_config(5)`);
}

/** A line that OpenSSH may understand, but that can't be followed here; `advice` says what to do besides taking OpenSSH. */
export function notHonoured(place: Place, what: string, advice?: string): ConnectError | SpecError {
  const message = `${place.text}: ${brief(what)}; use ssh_client=openssh${advice ? `, or ${advice}` : ''}`;
  return place.own
    ? new SpecError('ERR_EXECNET_SSH_OPTION', message)
    : new ConnectError('ERR_EXECNET_SSH_OPTION', message);
}
