import type { Socket } from 'node:net';
import type { Exit } from '../registry/contracts.ts';
import { ByteStreams } from './byte-streams.ts';
import { StreamConnection } from './stream-connection.ts';

/** A stream to an address. It started nothing, so there is nothing to kill. */
export class DialedConnection extends StreamConnection {
  readonly closed: Promise<Exit>;
  #reason: Error | undefined;

  constructor(socket: Socket, remoteAddress: string) {
    super(new ByteStreams(socket, socket), remoteAddress);
    socket.on('error', (error) => {
      this.#reason ??= error;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve({ stderr: '', ...(this.#reason ? { error: this.#reason } : {}) }));
    });
  }

  async abort(reason?: Error): Promise<void> {
    this.#reason ??= reason;
    this.streams.destroy();
    await this.closed;
  }
}
