import { ConnectError } from '@execnet/core/plugin';

/** What the system says when there is no room. */
const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

/** Why a known_hosts file could not be read or written. */
export function knownHostsFailure(file: string, act: 'read' | 'written', error: unknown): ConnectError {
  const { code, message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (FULL.has(code))
    return new ConnectError(
      'ERR_EXECNET_DISK_FULL',
      `the host's key can't be added to ${file}: no space is left there (${message})`,
      cause,
    );
  const advice = act === 'read' && code !== undefined ? 'correct its permissions' : 'correct that';
  return new ConnectError(
    'ERR_EXECNET_KNOWN_HOSTS',
    `${file} can't be ${act}: ${message}; ${advice}, or name another file by -o UserKnownHostsFile=FILE`,
    cause,
  );
}
