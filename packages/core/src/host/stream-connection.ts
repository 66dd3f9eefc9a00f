import type { Connection, ConnectionSink, Exit } from '../registry/contracts.ts';
import type { ByteStreams } from './byte-streams.ts';

/** What connections over Node streams have in common, whatever is behind them. */
export abstract class StreamConnection implements Connection {
  abstract readonly closed: Promise<Exit>;
  readonly remoteAddress: string;
  protected readonly streams: ByteStreams;

  constructor(streams: ByteStreams, remoteAddress: string) {
    this.streams = streams;
    this.remoteAddress = remoteAddress;
  }

  abstract abort(reason?: Error): Promise<void>;

  start(sink: ConnectionSink): void {
    this.streams.start(sink);
  }

  write(chunk: Uint8Array): boolean {
    return this.streams.write(chunk);
  }

  drained(): Promise<void> {
    return this.streams.drained();
  }

  get queued(): number {
    return this.streams.queued;
  }

  pause(): void {
    this.streams.pause();
  }

  resume(): void {
    this.streams.resume();
  }

  ref(): void {
    this.streams.ref();
  }

  unref(): void {
    this.streams.unref();
  }

  end(): void {
    this.streams.end();
  }
}
