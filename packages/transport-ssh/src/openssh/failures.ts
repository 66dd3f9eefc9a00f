import { ConnectError, type ErrorCode } from '@execnet/core/plugin';

/**
 * How the OpenSSH client says what went wrong; its messages are not translated. The first that fits counts. Each is looked for where a line begins, as
 * far as it can be: a banner of the server, and what a login shell prints, stand among them.
 */
const REASONS: readonly (readonly [code: ErrorCode, says: RegExp, advice: string])[] = [
  [
    'ERR_EXECNET_SSH_OPTION',
    /bad configuration option: |unsupported option|^(unknown|illegal) option|^command-line:? line|^Bad \S+ (specification|forwarding)/im,
    'correct it',
  ],
  [
    'ERR_EXECNET_SSH_CONFIG',
    /^Can't open user config file|^Bad owner or permissions on|^\S+:? line \d+: (bad|missing|invalid|extra|garbage|keyword) |: terminating, \d+ bad configuration options/im,
    'correct it; see ssh_config(5)',
  ],
  ['ERR_EXECNET_HOST_NOT_FOUND', /^ssh: Could not resolve hostname/m, 'check the name'],
  [
    'ERR_EXECNET_REFUSED',
    /^ssh: connect to .*: Connection refused/m,
    'check that the server runs, and its port',
  ],
  [
    'ERR_EXECNET_CONNECT_TIMEOUT',
    /^ssh: connect to .* timed out|timed out during banner exchange|^Connection to .* timed out|^Timeout, server /m,
    'check that the machine runs and that no firewall is between',
  ],
  [
    'ERR_EXECNET_HOST_KEY_REVOKED',
    /REVOKED HOST KEY DETECTED|^(Error: )?Host key .* revoked/im,
    "somebody may have stolen it: ask the host's owner",
  ],
  [
    'ERR_EXECNET_HOST_KEY_CHANGED',
    /REMOTE HOST IDENTIFICATION HAS CHANGED|^Host key for .* has changed/m,
    'somebody may be in between, or the machine was set up anew: compare the fingerprint, then remove the old key with ssh-keygen -R',
  ],
  [
    'ERR_EXECNET_HOST_KEY_UNKNOWN',
    /^Host key verification failed|^No .* host key is known for/m,
    'connect once with ssh and compare the fingerprint, or add -o StrictHostKeyChecking=accept-new',
  ],
  [
    'ERR_EXECNET_AUTHENTICATION',
    /: Permission denied \(|Too many authentication failures|No supported authentication methods/i,
    'it has no terminal to ask on: it needs a key that the server knows (-i), an agent, or SSH_ASKPASS',
  ],
  [
    'ERR_EXECNET_UNREACHABLE',
    /(by|to) UNKNOWN port 65535/,
    'the command or the host on the way (ProxyCommand, ProxyJump) did not get through',
  ],
  [
    'ERR_EXECNET_UNREACHABLE',
    /^ssh: connect to |^kex_exchange_identification: read: /m,
    'check the network, and the log of the server',
  ],
  [
    'ERR_EXECNET_SSH',
    /^kex_exchange_identification|^banner exchange|^Bad remote protocol/m,
    'is it an ssh server, and does it take more connections (MaxStartups)?',
  ],
  [
    'ERR_EXECNET_UNREACHABLE',
    /^(Connection|Disconnected|Received disconnect|client_loop:|Read from) /m,
    'check the network, and the log of the server',
  ],
];

/** What the `ssh` command failed for, from what it wrote to stderr: the codes are those that ssh2 gives for the same. */
export function loginFailure(stderr: string, where: string): ConnectError {
  const said = stderr.trim() || 'it did not say why';
  const reason = REASONS.find(([, says]) => says.test(said));
  if (!reason) return new ConnectError('ERR_EXECNET_SSH', `ssh to ${where} failed: ${said}`);
  const [code, , advice] = reason;
  return new ConnectError(code, `ssh to ${where} failed: ${said}; ${advice}`);
}

/** What it says of a connection that ends while a program runs. */
const LOST =
  /^(?:Connection (?:to|closed|reset)|client_loop:|Read from remote host|Received disconnect|Disconnected from|Timeout, server|ssh_dispatch_run_fatal:|Bad packet) ?.*$/gim;

/** How it lost a connection over which a program ran; undefined if it says nothing of that. */
export function lossOf(stderr: string, where: string): ConnectError | undefined {
  const said = stderr.match(LOST)?.join('; ').replaceAll('\r', '');
  return said === undefined
    ? undefined
    : new ConnectError('ERR_EXECNET_UNREACHABLE', `ssh to ${where} lost its connection: ${said}`);
}
