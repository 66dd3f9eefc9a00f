import { ConnectError, type ErrorCode } from '@execnet/core/plugin';
import type { Destination } from '../config/index.ts';
import type { Authentication } from './authentication.ts';

/** Where errors of ssh2 come from: its `level`. */
type LeveledError = Error & { level?: string; code?: string };

/** `me@wyvern:2222`, for messages. */
export function showDestination({ user, original, host, port }: Destination): string {
  const at = host === original ? '' : ` (${host})`;
  return `${user}@${original}${at}:${port}`;
}

/** What ssh2 says of a server that does not begin as one of ssh does. */
const NO_SERVER = /lost before handshake|greeting|identification|protocol version/i;

/** Why an ssh connection could not be made, from what ssh2 says. */
export function loginFailure(
  error: LeveledError,
  destination: Destination,
  { authentication, ended }: { authentication: Authentication; ended: string | undefined },
): ConnectError {
  const where = showDestination(destination);
  const cause = { cause: error };
  if (error.level === 'client-authentication') return refused(error, destination, authentication);
  if (ended !== undefined)
    return new ConnectError(
      'ERR_EXECNET_UNREACHABLE',
      `${where}: the connection ended before the login: ${ended}`,
      cause,
    );
  if (error.level === 'client-timeout')
    return new ConnectError(
      'ERR_EXECNET_CONNECT_TIMEOUT',
      `${where} does not answer any more (ServerAliveInterval)`,
      cause,
    );
  if (error.level === 'client-socket')
    return new ConnectError(
      'ERR_EXECNET_UNREACHABLE',
      `${where}: the connection failed before the login: ${error.message}; check the network, and the log of the server`,
      cause,
    );
  // what the server says when it has enough of our keys is a disconnection, not a refusal
  if (/too many authentication failures/i.test(error.message))
    return refused(error, destination, authentication);
  const advice = NO_SERVER.test(error.message)
    ? 'is it an ssh server, and does it take more connections (MaxStartups)?'
    : 'if the server has only algorithms that ssh2 lacks, ssh_client=openssh uses the ssh of the system';
  return new ConnectError(
    'ERR_EXECNET_SSH',
    `${where}: the ssh handshake failed: ${error.message}; ${advice}`,
    cause,
  );
}

/** What a person can do about an address that can't be dialled. */
const DIAL_ADVICE: Readonly<Record<string, string>> = {
  ERR_EXECNET_HOST_NOT_FOUND: 'check the name, and HostName in the ssh configuration',
  ERR_EXECNET_REFUSED: 'check that the ssh server runs, and its port (-p)',
  ERR_EXECNET_CONNECT_TIMEOUT: 'check that the machine runs and that no firewall is between',
  ERR_EXECNET_UNREACHABLE: 'check the network',
};

/** Why nobody could be dialled, with advice; the code is that of the host. */
export function dialFailure(error: Error & { code?: string }): Error {
  const advice = DIAL_ADVICE[error.code ?? ''];
  if (error.code === undefined || advice === undefined) return error;
  return new ConnectError(error.code as ErrorCode, `${error.message}; ${advice}`, { cause: error });
}

function refused(error: Error, destination: Destination, { tried, offered }: Authentication): ConnectError {
  const notes = destination.notes?.length ? `. ${destination.notes.join('. ')}` : '';
  return new ConnectError(
    'ERR_EXECNET_AUTHENTICATION',
    `${showDestination(destination)} does not let us in: the server takes ${offered.join(', ') || 'nothing that is known here'}; ` +
      `tried: ${tried.join(', ') || 'nothing, since there was no key, agent or answer'}` +
      `${whyRefused(error)}; add the public key to ~/.ssh/authorized_keys there, or name another one with -i${notes}`,
    { cause: error },
  );
}

/** What there is to say besides that nothing helped. */
function whyRefused({ message }: Error): string {
  if (/too many/i.test(message))
    return '; the server counts each key, and has ended the connection (IdentitiesOnly=yes offers fewer)';
  return /^all configured/i.test(message) ? '' : `; ${message}`;
}
