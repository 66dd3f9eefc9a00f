import {
  Channel,
  type ChannelGateway,
  type ChannelLink,
  type ChannelState,
  ChannelTable,
  type ClosedChannel,
  type IdSpace,
  type Item,
  WindowBudget,
} from '../channel/index.ts';
import { setImmediate, setTimeout } from '../clock.ts';
import {
  checkErrorData,
  DumpError,
  LoadError,
  ProtocolError,
  type RemoteErrorData,
  wellFormed,
} from '../errors/index.ts';
import type { ChannelCodec, Serializer, StringOptions } from '../serializer/types.ts';
import { checkForCall, checkForFrames } from '../stack-room.ts';
import { Code, codeName, FrameWriter, readInt32 } from '../wire/index.ts';

/** Deno loads its `setImmediate` when it is first used, which takes 11 ms: so the first frames, those of a start, are sent by a timer. */
const SLOW_IMMEDIATE = 'Deno' in globalThis;

/** Where a link's frames go and what it may do with the thread it runs on. */
export interface LinkPort {
  /** Takes a batch, and the body of its last frame. Done with both when it returns, if `reuse` says so. */
  write(batch: Uint8Array, body?: Uint8Array): void;
  /** The port is done with a batch when `write` returns. */
  readonly reuse: boolean;
  /** See {@link ChannelLink.drained}. */
  drained(tolerated: number): Promise<void> | undefined;
  /** Keeps the program alive, or no longer. */
  ref(): void;
  unref(): void;
  /** See {@link ChannelLink.block}; missing where a thread may not block. */
  block?(timeout: number): boolean;
  /** The thread is inside `block`. */
  readonly blocked: boolean;
  /** See {@link ChannelLink.linger}. */
  linger?(): void;
  /** Told how many channels are open whenever that changes. */
  counted?(open: number): void;
  streams(): typeof import('node:stream');
  warn(message: string, error: unknown): void;
}

/** Handles what is not about a channel that exists: executions, termination, status. False: the code has no business here. */
export type ControlHandler = (code: number, id: number, payload: Uint8Array) => boolean;

export interface LinkOptions {
  readonly name: string;
  /** See {@link ChannelLink.gateway}. */
  readonly gateway: ChannelGateway;
  readonly local: boolean;
  readonly ids: IdSpace;
  readonly serializer: Serializer;
  /** What an error is sent as, where that is not plain data. */
  readonly error?: (error: RemoteErrorData) => unknown;
  readonly port: LinkPort;
  readonly control: ControlHandler;
  /** The peer speaks our protocol: it grants credit and expects ours. */
  readonly flow: boolean;
  /** See {@link ChannelLink.bind}. */
  readonly bind?: NonNullable<ChannelLink['bind']>;
  /** Told the id of each channel that is closed. */
  readonly forgotten?: (id: number) => void;
}

const needStackToBlock = checkForFrames();
// with the same room it would make a round trip a tenth longer; asynchronous code is seldom that deep
const needStackToLinger = checkForCall();

/** Binaries from this size on are sent without being copied. */
const UNCOPIED = 16384;

/** Codes of frames that an end may send on a channel of its own making. */
const USES: ReadonlySet<number> = new Set([
  Code.CHANNEL_DATA,
  Code.FRAGMENT_FIRST,
  Code.FRAGMENT,
  Code.BIND,
  Code.CHANNEL_LAST_MESSAGE,
]);

/**
 * A connection, a serializer and a channel table: the engine that both ends run, and at the remote end every thread that executes code.
 *
 * Takes frames through {@link handle}, gives frames to its port in batches: what is sent in one turn of the event loop leaves in one write.
 */
export class Link implements ChannelLink {
  readonly name: string;
  readonly gateway: ChannelGateway;
  readonly local: boolean;
  readonly flow: boolean;
  readonly budget: WindowBudget = new WindowBudget();
  readonly channels: ChannelTable;
  strings: StringOptions | undefined = undefined;
  readonly #port: LinkPort;
  readonly #writer: FrameWriter;
  readonly #serializer: Serializer;
  readonly #error: LinkOptions['error'];
  readonly #control: ControlHandler;
  readonly #codec: ChannelCodec;
  readonly #forgotten: ((id: number) => void) | undefined;
  #carried: number[] | undefined;
  #scheduled = false;
  /** Nothing was scheduled yet. */
  #fresh = true;
  #holds = 0;
  #ended: Error | undefined;

  constructor({
    name,
    gateway,
    local,
    ids,
    serializer,
    error,
    port,
    control,
    flow,
    forgotten,
    bind,
  }: LinkOptions) {
    if (bind) this.bind = bind;
    this.#forgotten = forgotten;
    this.name = name;
    this.gateway = gateway;
    this.local = local;
    this.flow = flow;
    this.#port = port;
    this.#serializer = serializer;
    this.#error = error;
    this.#control = control;
    this.channels = new ChannelTable(this, ids);
    const flush = (): void => {
      this.#scheduled = false;
      this.flush();
    };
    const schedule = (): void => {
      if (this.#scheduled) return;
      if (SLOW_IMMEDIATE && this.#fresh) setTimeout(flush, 0);
      else setImmediate(flush);
      this.#scheduled = true;
      this.#fresh = false;
    };
    this.#writer = new FrameWriter((batch, body) => port.write(batch, body), schedule, { reuse: port.reuse });
    this.#codec = { idOf: (value) => this.#idOf(value), fromId: (id) => this.#fromId(id) };
    const { block, linger } = port;
    if (block) {
      this.block = (timeout) => {
        // frames that arrive are handled on this stack
        needStackToBlock();
        this.flush();
        return block.call(port, timeout);
      };
    }
    if (linger) {
      this.linger = () => {
        needStackToLinger();
        this.flush();
        linger.call(port);
      };
    }
  }

  block?: (timeout: number) => boolean;
  linger?: () => void;
  bind?: NonNullable<ChannelLink['bind']>;

  get ended(): Error | undefined {
    return this.#ended;
  }

  // --- frames

  /** One frame of the peer. Throws a `ProtocolError` when the peer broke the rules; the link is of no use then. */
  handle(code: number, id: number, payload: Uint8Array, owned: boolean): void {
    const state = this.channels.get(id) ?? this.#unannounced(code, id);
    switch (code) {
      case Code.CHANNEL_DATA:
        state?.data(payload, owned);
        return;
      case Code.FRAGMENT_FIRST:
      case Code.FRAGMENT:
        state?.fragment(payload, code === Code.FRAGMENT_FIRST);
        return;
      case Code.CREDIT:
        state?.credit(uint32(code, payload));
        return;
      case Code.BIND:
        this.channels.announce(uint32(code, payload), state);
        return;
      case Code.CHANNEL_CLOSE:
        this.channels.takeClosing(id)?.peerClosed(undefined);
        return;
      case Code.CHANNEL_CLOSE_ERROR:
        this.channels.takeClosing(id)?.peerClosed(this.#loadError(payload));
        return;
      case Code.CHANNEL_LAST_MESSAGE:
        state?.peerEnded();
        return;
      default:
        if (!this.#control(code, id, payload))
          throw new ProtocolError(`${codeName(code)} arrived, which this end does not take`);
    }
  }

  /** At the remote end the receiver keeps what comes before its channel was announced. */
  #unannounced(code: number, id: number): ChannelState | undefined {
    return this.local && this.flow && USES.has(code) ? this.channels.hold(id) : undefined;
  }

  /** Where a payload that does not arrive in one piece belongs; see `FrameTarget`. */
  target(code: number, id: number, length: number): Uint8Array | undefined {
    return code === Code.FRAGMENT ? this.channels.get(id)?.fragmentTarget(length) : undefined;
  }

  writeFrame(code: number, id: number, payload: Uint8Array): void {
    if (this.#ended === undefined) this.#writer.write(code, id, payload);
  }

  /** Answers a request to execute something where nothing may be executed. */
  refuseExecution(id: number): void {
    const message = 'the local end executes nothing for a remote end';
    this.writeFrame(
      Code.CHANNEL_CLOSE_ERROR,
      id,
      this.#serializer.dump({ name: 'Error', message, stack: message }),
    );
  }

  flush(): void {
    this.#writer.flush();
  }

  drained(tolerated: number): Promise<void> | undefined {
    const drained = this.#port.drained(tolerated);
    if (!drained) return undefined;
    const released = drained.finally(() => this.release());
    // what is not pending in the system does not keep a program alive by itself: it may wait for the window of another protocol
    this.hold();
    return released;
  }

  // --- values

  dump(value: unknown): Item {
    this.#carried = undefined;
    // asked so, a proxy does not run code of the user here
    if (
      ArrayBuffer.isView(value) &&
      value.byteLength >= UNCOPIED &&
      value instanceof Uint8Array &&
      this.flow
    ) {
      const parts = this.#serializer.dumpParts(value, this.#codec);
      return parts.length === 1 ? (parts[0] as Uint8Array) : parts;
    }
    return this.#serializer.dump(value, this.#codec);
  }

  dumpError(error: RemoteErrorData): Uint8Array {
    const item = (data: RemoteErrorData): unknown => this.#error?.(data) ?? data;
    try {
      return this.#serializer.dump(item(error));
    } catch {
      // execnet's format has no words for half a surrogate pair
      return this.#serializer.dump(item(wellFormed(error)));
    }
  }

  reclaim(item: Uint8Array): void {
    // a large body that the port has not finished with is still needed
    if (this.#port.reuse || item.length < UNCOPIED) this.#serializer.reclaim?.(item);
  }

  takeCarried(): readonly number[] | undefined {
    return this.#carried;
  }

  /** How strings of Python arrive on a channel, or on those made from now on. */
  reconfigure(id: number, strings: StringOptions): void {
    if (id === 0) this.strings = strings;
    else {
      const state = this.channels.get(id);
      if (state) state.strings = strings;
    }
  }

  load(bytes: Uint8Array, strings?: StringOptions): unknown {
    return this.#serializer.load(bytes, this.#codec, strings);
  }

  #idOf(value: object): number | undefined {
    const state = Channel.stateOf(value);
    if (state === undefined) return undefined;
    if (state.link !== this)
      throw new DumpError(
        `a channel of ${state.link.name} can't be sent through ${this.name}: it belongs to another gateway`,
        '$',
      );
    if (state.closed) throw new DumpError(`channel ${state.id} is closed and can't be sent`, '$');
    state.nested = true;
    this.#carried ??= [];
    this.#carried.push(state.id);
    return state.id;
  }

  #fromId(id: number): Channel {
    if (!Number.isInteger(id) || id <= 0 || id > 0x7fffffff) throw new LoadError(`${id} is no channel id`);
    return this.channels.find(id);
  }

  #loadError(payload: Uint8Array): RemoteErrorData {
    try {
      return checkErrorData(this.load(payload));
    } catch {
      const message = 'the other end failed with an error that can not be read';
      return { name: 'Error', message, stack: message };
    }
  }

  // --- lifetime

  hold(): void {
    if (this.#holds++ === 0) this.#port.ref();
  }

  release(): void {
    if (--this.#holds === 0) this.#port.unref();
  }

  get blocked(): boolean {
    return this.#port.blocked;
  }

  counted(open: number): void {
    this.#port.counted?.(open);
  }

  goesOn(id: number, channel: ClosedChannel): void {
    this.channels.goesOn(id, channel);
  }

  forget(id: number): void {
    this.channels.delete(id);
    this.#forgotten?.(id);
  }

  dropAnnounced(ids: Iterable<number>): void {
    this.channels.dropAnnounced(ids);
  }

  streams(): typeof import('node:stream') {
    return this.#port.streams();
  }

  warn(message: string, error: unknown): void {
    this.#port.warn(message, error);
  }

  /** Ends every channel with `reason`; idempotent. */
  end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.channels.linkEnded(reason);
  }

  /** Fails with the reason if the link has ended. */
  check(): void {
    if (this.#ended) throw this.#ended;
  }
}

function uint32(code: number, payload: Uint8Array): number {
  if (payload.length !== 4)
    throw new ProtocolError(`${codeName(code)} with a payload of ${payload.length} bytes instead of 4`);
  const value = readInt32(payload, 0);
  if (value <= 0) throw new ProtocolError(`${codeName(code)} with the value ${value}`);
  return value;
}
