import { ByteChannel, Channel, type ChannelState } from '../channel/index.ts';
import {
  ConnectError,
  ConnectionLostError,
  type ErrorCode,
  ExecnetError,
  TerminateError,
} from '../errors/index.ts';
import { Delivery } from '../host/index.ts';
import type { Link } from '../link/index.ts';
import { onAbort } from '../on-abort.ts';
import type { Connection, ConnectionSink, Exit, OutputStream } from '../registry/contracts.ts';
import type { RelayEvent, RelayFailure, RelayOrder, RelayStreams } from '../relay/messages.ts';
import { within } from '../within.ts';

/** Bytes that wait for credit before a writer is asked to wait: those of a large frame. */
const HIGH_WATER = 262144;

/** How long the relay may take to say that something is gone, in milliseconds: it gives the kernel two seconds, and a network is between. */
const ABORT_PATIENCE = 10_000;

/** A gateway that others go through. */
export interface HostNames {
  /** Its id, for addresses. */
  readonly name: string;
  /** The id and the place, for messages: `gw0 (popen:4711)`. */
  readonly fullName: string;
}

/** A connection that the relay of a gateway holds, seen from here. */
export class RelayedConnection implements Connection {
  readonly closed: Promise<Exit>;
  readonly #link: Link;
  readonly #host: HostNames;
  readonly #streams: RelayStreams;
  readonly #bytes: ByteChannel;
  readonly #opened: Promise<void>;
  #settleOpened!: { resolve(): void; reject(error: Error): void };
  #settleClosed!: (exit: Exit) => void;
  /** What the relay says is left; undefined if it can't say any more. */
  readonly #swept: Promise<readonly string[] | undefined>;
  #settleSwept!: (remains: readonly string[] | undefined) => void;
  #aborted: Promise<void> | undefined;
  #abortReason: Error | undefined;
  #address = '';
  readonly #delivery = new Delivery();
  #queued = 0;
  #drained: (() => void)[] = [];
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;
  /** What has to come before the sink is told the end: the last byte, and why there is no more. */
  readonly #unended = new Set<'bytes' | 'reason'>(['bytes', 'reason']);
  /** What may still bring something that was printed. */
  readonly #printing = new Set<OutputStream>();
  /** Those who print and are to wait. */
  readonly #waiting = new Set<() => void>();
  /** Nobody waits any more, as the process has ended or is to. */
  #flows = false;
  /** It has ended by itself. */
  #gone = false;
  #exit: { readonly exit: Omit<Exit, 'error'>; readonly error: Error | undefined } | undefined;
  #ended = false;
  #endReason: Error | undefined;
  #over = false;
  #ending = false;
  #held = false;
  /** No more bytes come. */
  #dry = false;

  constructor(link: Link, host: HostNames, streams: RelayStreams) {
    this.#link = link;
    this.#host = host;
    this.#streams = streams;
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpened = { resolve, reject };
    });
    this.#opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#swept = new Promise((resolve) => {
      this.#settleSwept = resolve;
    });
    this.ref();
    this.#bytes = new ByteChannel(streams.data);
    this.#bytes.receive({
      bytes: (chunk, owned) => {
        this.#delivery.data(chunk, owned);
        return this.#paused;
      },
      end: (clean) => {
        this.#dry = true;
        if (this.#over) this.unref();
        // else the events tell why
        if (clean) this.#ends('bytes');
      },
    });
    for (const name of ['stdout', 'stderr'] as const) {
      const channel = streams[name];
      if (channel) this.#receivePrinted(name, new ByteChannel(channel));
    }
    const events = Channel.stateOf(streams.events) as ChannelState;
    events.setCallback({
      item: (event) => this.#event(event as RelayEvent),
      end: () => this.#eventsEnded(events.receiveEnd),
      held: false,
    });
  }

  /** Resolves when the other side is connected; rejects with why it can't be, or with the reason of `signal` when it was given up. */
  async opened(signal: AbortSignal | undefined): Promise<void> {
    const heedNoMore = signal && onAbort(signal, () => this.#order('abort'));
    try {
      await this.#opened;
      if (signal?.aborted) await this.abort();
      signal?.throwIfAborted();
    } catch (error) {
      this.unref();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      heedNoMore?.();
    }
  }

  get remoteAddress(): string {
    return `${this.#address} via ${this.#host.name}`;
  }

  /** That of the process there, if it is one. */
  get pid(): number | undefined {
    const [, pid] = /^popen:(\d+)$/.exec(this.#address) ?? [];
    return pid === undefined ? undefined : Number(pid);
  }

  /** Sends a signal to all of its process group, if it still runs. */
  signal(name: NodeJS.Signals): void {
    if (!this.#over) this.#order(name);
  }

  start(sink: ConnectionSink): void {
    this.#delivery.start(sink);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ending || this.#over) return true;
    // an empty item is the end of the bytes
    if (chunk.length === 0) return this.#queued < HIGH_WATER;
    const sent = this.#bytes.send(chunk);
    if (!sent) return true;
    this.#queued += chunk.length;
    void sent.then(() => {
      this.#queued -= chunk.length;
      if (this.#queued < HIGH_WATER) this.#wakeWriters();
    });
    return this.#queued < HIGH_WATER;
  }

  drained(): Promise<void> {
    if (this.#queued < HIGH_WATER || this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  get queued(): number {
    return this.#queued;
  }

  pause(): void {
    // what is under way when it is aborted waits for no reader
    if (this.#aborted) return;
    this.#paused ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
    // the last bytes of what has ended may never be read
    if (this.#over) this.unref();
  }

  resume(): void {
    this.#resume?.();
    this.#paused = undefined;
    if (this.#over && !this.#aborted) this.ref();
  }

  ref(): void {
    // who waits for what has ended waits for its last bytes
    if (this.#held || (this.#over && this.#dry)) return;
    this.#held = true;
    this.#link.hold();
  }

  unref(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#link.release();
  }

  end(): void {
    if (this.#ending || this.#over) return;
    this.#ending = true;
    this.#bytes.end();
  }

  abort(reason?: Error): Promise<void> {
    // what has ended by itself was ended by nobody
    if (!this.#gone) this.#abortReason ??= reason;
    this.#ending = true;
    this.#aborted ??= this.#abort();
    this.resume();
    this.#letFlow();
    return this.#aborted;
  }

  async #abort(): Promise<void> {
    this.ref();
    if (!this.#gone) this.#order('abort');
    const remains = await within(this.#swept, ABORT_PATIENCE);
    // how it ended, and what it printed last, may be on their way
    if (remains) await within(this.closed, ABORT_PATIENCE);
    this.#finish();
    if (remains?.length === 0) return;
    // what was only dialled has started nothing
    const { pid } = this;
    if (!remains && pid === undefined) return;
    const left = (remains ?? [`localhost pid ${pid}`]).map((one) =>
      one.replace(/^localhost\b/, this.#host.name),
    );
    const what = remains ? "can't be killed" : `may be left: ${this.#host.fullName} can't tell any more`;
    throw new TerminateError(`${left.join(', ')} ${what}`, left);
  }

  #order(order: RelayOrder): void {
    this.#streams.events.send(order).catch(() => {});
    this.#link.flush();
  }

  #wakeWriters(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const wake of waiting) wake();
  }

  #event(event: RelayEvent): void {
    switch (event.what) {
      case 'connected':
        this.#address = event.address;
        this.#settleOpened.resolve();
        return;
      case 'failed':
        this.#fail(this.#errorOf(event.failure));
        return;
      case 'end':
        this.#endReason = event.failure && this.#errorOf(event.failure);
        this.#ends('reason');
        return;
      case 'exited':
        this.#gone = true;
        this.#letFlow();
        return;
      case 'closed':
        this.#gone = true;
        this.#exit = { exit: event.exit, error: event.failure && this.#errorOf(event.failure) };
        this.#letFlow();
        if (this.#printing.size === 0) this.#finish();
        return;
      case 'aborted':
        this.#settleSwept(event.remains);
    }
  }

  /** The relay is gone, and will not answer. */
  relayEnded(cause: Error | undefined): void {
    if (cause instanceof ConnectionLostError) {
      this.#fail(cause);
      return;
    }
    const why = cause ? `: ${cause.message}` : '';
    const message = `the relay of ${this.#host.fullName} ended${why}`;
    this.#fail(new ExecnetError('ERR_EXECNET_CONNECTION_LOST', message, cause ? { cause } : {}));
  }

  /** All is over, but for bytes that may still be under way; or the gateway that carries this, or its relay, is gone. */
  #eventsEnded(ending: ChannelState['receiveEnd']): void {
    // after `closed` there may still be something that was printed
    if (!(this.#over || this.#exit) || !ending?.clean) {
      if (ending?.error) this.#fail(ending.error);
      else this.relayEnded(undefined);
    }
    // what others hold when a process has ended brings no more
    this.#ends('reason');
    this.#settleSwept(undefined);
  }

  #fail(error: Error): void {
    this.#settleOpened.reject(error);
    this.#endReason ??= error;
    this.#finish(error);
    this.#end();
  }

  /** The sink is told when both are there. */
  #ends(which: 'bytes' | 'reason'): void {
    this.#unended.delete(which);
    if (this.#unended.size === 0) this.#end();
  }

  #receivePrinted(name: OutputStream, bytes: ByteChannel): void {
    this.#printing.add(name);
    bytes.receive({
      bytes: (chunk, owned) => {
        // what is still under way when it is aborted, or comes from others that hold its streams
        if (this.#over) return undefined;
        const room = this.#delivery.output(name, owned ? chunk : chunk.slice());
        if (!room || this.#flows) return undefined;
        return new Promise((resolve) => {
          this.#waiting.add(resolve);
          void room.then(() => {
            this.#waiting.delete(resolve);
            resolve();
          });
        });
      },
      end: () => {
        this.#printing.delete(name);
        // it is over when all that was printed has come too
        if (this.#exit && this.#printing.size === 0) this.#finish();
      },
    });
  }

  #letFlow(): void {
    this.#flows = true;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#delivery.end(this.#endReason);
  }

  /** With what is known of its end. */
  #finish(failure?: Error): void {
    if (this.#over) return;
    this.#over = true;
    const { exit, error = this.#abortReason } = this.#exit ?? { exit: { stderr: '' }, error: failure };
    this.#settleClosed(error ? { ...exit, error } : exit);
    this.#wakeWriters();
    // its last bytes may be under way to a reader
    if (error || this.#dry || this.#paused) this.unref();
  }

  #errorOf({ code, message }: RelayFailure): Error {
    const text = `${this.#host.fullName}: ${message}`;
    if (code?.startsWith('ERR_EXECNET_')) return new ConnectError(code as ErrorCode, text);
    return Object.assign(new Error(text), code === undefined ? {} : { code });
  }
}
