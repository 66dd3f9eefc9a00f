import type { Duplex } from 'node:stream';
import { ConnectError, clock, duplexOf, type Host } from '@execnet/core/plugin';
import type { Destination } from '../config/index.ts';
import { dialFailure } from './failures.ts';

const { clearTimeout, setTimeout } = clock;

/** What an ssh connection runs over. */
export interface Wire {
  readonly stream: Duplex;
  /** Keeps the program alive, or no longer. */
  ref(): void;
  unref(): void;
  /** Why it ended, if it is known better than by the stream. */
  whyEnded(): Promise<string | undefined>;
  /** Takes it down. Resolves when nothing is left of what was started for it; never rejects. */
  abort(): Promise<void>;
}

/** A stream to the ssh server of `destination`, dialled from the host. Rejects with a `ConnectError` of the host's code. */
export async function dialWire(
  host: Host,
  { host: name, port, family, connectTimeout, connectionAttempts }: Destination,
  signal: AbortSignal,
): Promise<Wire> {
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await host.dial(
        { host: name, port },
        {
          signal,
          ...(connectTimeout === undefined ? {} : { timeout: connectTimeout }),
          ...(family === undefined ? {} : { family }),
        },
      );
      const stream = duplexOf(connection);
      return {
        stream,
        ref: () => connection.ref(),
        unref: () => connection.unref(),
        whyEnded: async () => undefined,
        abort: async () => void stream.destroy(),
      };
    } catch (error) {
      if (signal.aborted) throw error;
      if (attempt >= connectionAttempts) throw dialFailure(error as Error);
      // as the OpenSSH client does between its attempts
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** How much a `ProxyCommand` says on its stderr that is worth showing. */
const SHOWN = 2048;

/** The time that a `ProxyCommand` may go on after its output has ended, in milliseconds. */
const LAST_WORDS = 1000;

/** A stream to the ssh server through a command that the host starts (`ProxyCommand`). */
export async function commandWire(host: Host, line: string, signal: AbortSignal): Promise<Wire> {
  const command = {
    file: 'sh',
    args: ['-c', `exec ${line}`],
    env: {},
    descriptors: { input: 0, output: 1 },
  };
  const connection = await host.spawn(command, { signal });
  const stream = duplexOf(connection);
  stream.once('end', () => {
    const timer = setTimeout(() => void connection.abort().catch(() => {}), LAST_WORDS);
    void connection.closed.then(() => clearTimeout(timer));
  });
  return {
    stream,
    ref: () => connection.ref(),
    unref: () => connection.unref(),
    whyEnded: async () => {
      const { code, signal: killed, stderr } = await connection.closed;
      const how = killed ? `was ended by ${killed}` : `ended with code ${code ?? 'unknown'}`;
      const said = stderr.trim() === '' ? '' : ` and wrote: ${stderr.trim().slice(-SHOWN)}`;
      return `its ProxyCommand (${line}) ${how}${said}`;
    },
    // why it could not be ended is of no interest beside the reason for which it is
    abort: () => connection.abort().catch(() => {}),
  };
}

/** Nothing that a caller should see as its own reason. */
export function refusedForward(destination: Destination, hop: Destination, error: Error): ConnectError {
  const { reason } = error as Error & { reason?: number };
  const refused = reason === 1;
  return new ConnectError(
    'ERR_EXECNET_UNREACHABLE',
    `${hop.original} can't connect to ${destination.host}:${destination.port}: ${error.message}` +
      (refused ? '; its server forbids forwarding (AllowTcpForwarding)' : ''),
    { cause: error },
  );
}
