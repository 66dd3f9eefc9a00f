import { ConnectError, quoteWord } from '@execnet/core/plugin';
import { type HostName, writtenName } from './host-name.ts';
import { fingerprint, keyType } from './key.ts';
import type { Verdict } from './verdict.ts';

/**
 * The error of a host whose key is not to be trusted: `ERR_EXECNET_HOST_KEY_UNKNOWN`, `_CHANGED`, `_REVOKED` or `_AUTHORITY`.
 * Its message names the key, where it was looked for, and what to do.
 */
export function hostKeyError(
  verdict: Exclude<Verdict, { kind: 'known' }>,
  name: HostName,
  key: Uint8Array,
): ConnectError {
  const written = writtenName(name);
  const given = `${keyType(key) ?? 'unintelligible'} key ${fingerprint(key)}`;
  switch (verdict.kind) {
    case 'unknown':
      return new ConnectError(
        'ERR_EXECNET_HOST_KEY_UNKNOWN',
        `the host key of ${written} is not known: it shows the ${given}, and ${lookedIn(verdict.files)}; connect once by hand (${byHand(name)}), or compare the fingerprint with what the host's owner says and add the key (${scan(name)}), or use -o StrictHostKeyChecking=accept-new to trust what is new`,
      );
    case 'changed':
      return new ConnectError(
        'ERR_EXECNET_HOST_KEY_CHANGED',
        `the host key of ${written} HAS CHANGED: it shows the ${given}, but ${verdict.file}:${verdict.line} holds another ${verdict.keyType} key; somebody may be listening in (a man-in-the-middle attack), or the host was set up anew; if its owner confirms the fingerprint, remove the old keys (${remove(written, verdict.file)}) and connect again`,
      );
    case 'revoked':
      return new ConnectError(
        'ERR_EXECNET_HOST_KEY_REVOKED',
        `the host key of ${written} is revoked by ${verdict.file}:${verdict.line}: the ${given} is never to be trusted; somebody may have stolen it, ask the host's owner`,
      );
    case 'authority':
      return new ConnectError(
        'ERR_EXECNET_HOST_KEY_AUTHORITY',
        `the host key of ${written} would be known by a certificate only (${verdict.file}:${verdict.line}, @cert-authority), and certificates are not supported: use ssh_client=openssh, or add the plain ${given} (${scan(name)})`,
      );
  }
}

function lookedIn(files: readonly string[]): string {
  return files.length === 0
    ? 'no known_hosts file is configured'
    : `${files.join(', ')} did not name the host`;
}

function portOption({ port }: HostName): string {
  return port === 22 ? '' : ` -p ${port}`;
}

function byHand(name: HostName): string {
  return `ssh${portOption(name)} ${quoteWord(name.host)}`;
}

function scan(name: HostName): string {
  return `ssh-keyscan${portOption(name)} ${quoteWord(name.host)} >> ~/.ssh/known_hosts`;
}

function remove(written: string, file: string): string {
  return `ssh-keygen -R ${quoteWord(written)} -f ${quoteWord(file)}`;
}
