/**
 * A section of a client's configuration that names a server by its alias, and keeps everything of this machine out.
 *
 * @param {{ alias: string, address: string, port: number, user: string, key: string, knownHosts: string }} host
 * @param {readonly string[]} [extra] more lines
 */
export function clientSection({ alias, address, port, user, key, knownHosts }, extra = []) {
  const lines = [
    `HostName ${address}`,
    `Port ${port}`,
    `User ${user}`,
    `IdentityFile "${key}"`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile "${knownHosts}"`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    ...extra,
  ];
  return `Host ${alias}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
