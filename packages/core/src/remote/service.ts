import type { ByteChannel, Channel } from '../channel/index.ts';

/** Given to a service besides its channel. */
export interface ServiceTools {
  /** Sends what was written, now, and not at the end of the turn: for a service that goes on without giving way. */
  flush(): void;
}

/** Given to the relay. */
export interface RelayTools extends ServiceTools {
  /** A channel as a stream of bytes. */
  bytes(channel: Channel): ByteChannel;
}

/**
 * The export `serve` of the program of a service in JavaScript. It is called once, and is over when what it returns has settled: its channel closes, with the error if
 * it rejects. It has a thread and the globals of that to itself, `require` among them, and may block it.
 *
 * When the gateway is terminated, or `channel` is cancelled, `channel.signal` is aborted; at the end of the gateway it has as long as executions to clean up.
 */
export type ServiceProgram<Args = unknown, Receive = unknown, Send = unknown> = (
  channel: Channel<Receive, Send>,
  args: Args,
  tools: ServiceTools,
) => void | Promise<void>;
