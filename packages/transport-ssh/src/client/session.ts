import {
  ByteStreams,
  type ConnectionSink,
  Delivery,
  type Exit,
  Flow,
  StreamConnection,
  TailBuffer,
  untilQuiet,
} from '@execnet/core/plugin';
import type { ClientChannel } from 'ssh2';
import type { Line } from './line.ts';

/** A command that the server runs: its stdin and stdout are the connection, its stderr is output. */
export class Session extends StreamConnection {
  readonly closed: Promise<Exit>;
  readonly #channel: ClientChannel;
  readonly #line: Line;
  readonly #tail = new TailBuffer();
  /** For what it prints, which may come before there is a sink. */
  readonly #delivery = new Delivery();
  #arrived = 0;
  #exit: Pick<Exit, 'code' | 'signal'> = {};
  #exited = false;
  #held = false;
  readonly #flow = new Flow();
  #abortReason: Error | undefined;
  #settle!: () => void;

  /** The line must stay open for as long as the session; the session refs it, and does not end it. */
  constructor(channel: ClientChannel, line: Line) {
    super(new ByteStreams(channel, channel), line.address);
    this.#channel = channel;
    this.#line = line;
    this.closed = new Promise((resolve) => {
      this.#settle = () => resolve(this.#report());
    });
    channel.on('exit', (code: number | null, signal?: string) => {
      this.#ended(code, signal);
      void this.#closeWhenQuiet();
    });
    // where the program was busy, the command may have ended before this was here: that is told again
    channel.on('close', (code?: number | null, signal?: string) => {
      if (code !== undefined) this.#ended(code, signal);
      this.#over();
    });
    channel.stderr.on('data', (chunk: Buffer) => this.#printed(chunk));
    channel.stderr.on('error', () => {});
    this.ref();
  }

  override start(sink: ConnectionSink): void {
    super.start({
      data: (chunk, owned) => {
        this.#arrived += chunk.length;
        sink.data(chunk, owned);
      },
      output: (stream, chunk) => sink.output(stream, chunk),
      end: (reason) => sink.end(reason ?? this.#lost()),
    });
    this.#delivery.start(sink);
  }

  override pause(): void {
    super.pause();
    this.#flow.stop();
  }

  override resume(): void {
    this.#flow.go();
    super.resume();
  }

  override ref(): void {
    if (this.#held) return;
    this.#held = true;
    this.#line.hold();
  }

  override unref(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#line.release();
  }

  /** Closes the channel. That kills nothing: who started a program sees to its end by other ways. */
  async abort(reason?: Error): Promise<void> {
    this.#abortReason ??= reason;
    this.#flow.go();
    this.streams.destroy();
    this.#channel.close();
    // the server need not answer, over a network that is gone
    this.#over();
    await this.closed;
  }

  /** Asks the server to send the program a signal; some refuse that without a word. */
  signal(name: string): void {
    try {
      this.#channel.signal(name);
    } catch {
      // the channel, or its connection, is closed
    }
  }

  #ended(code: number | null, signal: string | undefined): void {
    this.#exited = true;
    this.#exit = { ...(code === null ? {} : { code }), ...(signal ? { signal } : {}) };
  }

  #printed(chunk: Uint8Array): void {
    this.#arrived += chunk.length;
    this.#tail.push(chunk);
    // it shares its window with the protocol, which can't be made to wait
    void this.#delivery.output('stderr', chunk);
  }

  /** The server closes the channel when all that hold its streams are gone, which may be never. */
  async #closeWhenQuiet(): Promise<void> {
    await untilQuiet({
      ended: this.closed,
      arrived: () => this.#arrived,
      flowing: () => this.#flow.flowing,
    });
    this.#channel.close();
    this.#over();
  }

  #over(): void {
    this.streams.finish(this.#lost());
    this.#settle();
    this.unref();
  }

  /** Why there will be no exit status. */
  #lost(): Error | undefined {
    return this.#exited ? undefined : this.#line.failure;
  }

  #report(): Exit {
    const error = this.#abortReason ?? this.#lost();
    return { ...this.#exit, stderr: this.#tail.toString(), ...(error ? { error } : {}) };
  }
}
