import { SpecError, shellCommand, type Transport } from '@execnet/core/plugin';
import type { Lines } from './client/lines.ts';
import type { SshOptions } from './options.ts';

/** Values of `ssh_client=`. */
const CLIENTS = ['ssh2', 'openssh'] as const;

/**
 * Starts the interpreter on another machine over ssh: `ssh=wyvern`, `ssh=me@wyvern:2222`, `ssh=-p 2222 -i key wyvern`, with what the configuration files
 * of OpenSSH say of it. All gateways to one destination share a connection.
 */
export function ssh(options: SshOptions = {}): Transport {
  // nothing of it is loaded before it is used
  let lines: Promise<Lines> | undefined;
  return {
    kind: 'transport',
    field: 'ssh',
    options: ['ssh_config', 'ssh_client'],
    starts: 'command',
    place: 'elsewhere',
    supports: { halfClose: true, exitStatus: true, separateStdout: false },
    async connect(spec, context) {
      const { command, host, signal, trace } = context;
      if (!command) throw new TypeError('ssh starts a command, and was given none');
      const value = spec.get('ssh');
      if (typeof value !== 'string')
        throw new SpecError('ERR_EXECNET_SPEC', `${spec.redacted()}: ssh= names a host: ssh=wyvern`);
      const config = spec.get('ssh_config');
      if (config === true || config === '')
        throw new SpecError('ERR_EXECNET_SPEC', `${spec.redacted()}: ssh_config= names a file`);
      const client = spec.get('ssh_client') ?? 'ssh2';
      if (client !== 'ssh2' && client !== 'openssh')
        throw new SpecError(
          'ERR_EXECNET_SPEC',
          `${spec.redacted()}: ssh_client= is one of ${CLIENTS.join(', ')}, not ${JSON.stringify(client)}`,
        );
      const shell = shellCommand(command);
      if (client === 'openssh') {
        const { startOverOpenSsh } = await import('./openssh/openssh-client.ts');
        return await startOverOpenSsh(value, config, shell, { command, host, signal, trace });
      }
      lines ??= import('./client/lines.ts').then(({ Lines }) => new Lines());
      const [{ resolveDestination }, { startOverSsh2 }] = await Promise.all([
        import('./config/index.ts'),
        import('./client/ssh2-client.ts'),
      ]);
      const destination = await resolveDestination(value, config === undefined ? {} : { configFile: config });
      const surroundings = { host, options, trace };
      return await startOverSsh2(await lines, destination, shell, { command, signal, surroundings });
    },
  };
}
