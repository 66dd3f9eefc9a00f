import { ProtocolError } from '../errors/index.ts';
import { Code, EMPTY, encodeFrame, HEADER_SIZE, MAX_CODE, MAX_FRAME, readInt32 } from '../wire/index.ts';
import { SLOTS } from './slots.ts';

/**
 * Takes frames that belong to it. Those that arrive come in pieces, so that one may be incomplete for long; what this end makes itself waits for the end of
 * that.
 */
export interface Route {
  /** Takes bytes of frames that arrive, in pieces of any size, valid during the call only. `left`: how much of the last frame is still to come. */
  write(bytes: Uint8Array, left: number): void;
  /** Takes a whole frame that this end makes, or has kept: it comes before the next one that arrives. */
  insert(frame: Uint8Array): void;
}

export interface RouterOptions {
  /** The thread with this slot, if it runs. */
  thread(slot: number): Route | undefined;
  /** Control frames, whole, and every CANCEL, also one that is passed on; the payload is the handler's. */
  control(code: number, id: number, payload: Uint8Array): void;
  /** A channel of the peer was sent on one that nobody has any more: it is closed, which the peer does not know. */
  lost(id: number, carrier: number): void;
}

/** Brings frames to the threads that they are for. */
export interface Routing {
  /** Takes what has arrived. Throws a `ProtocolError` when the peer broke the rules. */
  push(chunk: Uint8Array): void;
  /** From now on frames for `id` go to `route`, those first that were kept. */
  bind(id: number, route: Route): void;
  /** The channel is closed: what was kept for it, and late frames, are dropped. */
  unbind(id: number): void;
  /** The route is gone. Returns the channels that the peer made and that belonged to it; they are closed from now on. */
  drop(route: Route): number[];
}

/** Payloads up to a sixteenth of it share a block of this size: each with a buffer of its own costs half a KiB, and ten thousand executions may wait. */
const BLOCK = 65536;

/** Payload of BIND. */
const INT32_SIZE = 4;

const NO_FRAMES: readonly Uint8Array[] = [];

/**
 * Frames for channels that nobody owns yet are kept up to here. Their senders have initial windows only, so that honest peers stay far below.
 */
const MAX_HELD = 16 * 1024 * 1024;

/**
 * Channels that were closed here lately: what the peer sent before it knew is dropped. Two orders of magnitude above the executions that end
 * within a round trip.
 */
const REMEMBERED = 16384;

const CONTROL: ReadonlySet<number> = new Set<number>([
  Code.STATUS,
  Code.RECONFIGURE,
  Code.GATEWAY_TERMINATE,
  Code.CHANNEL_EXEC,
  Code.SERVICE,
  Code.HELLO,
  Code.PING,
  Code.PONG,
  Code.GOODBYE,
]);

/**
 * Reads headers and passes frames on, undecoded, to the threads that own their channels; a frame need not be complete to be passed on, and
 * frames in a row for one thread are passed on in one piece.
 */
export class Router implements Routing {
  readonly #options: RouterOptions;
  readonly #routes = new Map<number, Route>();
  readonly #held = new Map<number, Uint8Array[]>();
  readonly #closed = new Set<number>();
  /** Channels that will have an owner: how many announcements of each wait to be passed on. */
  readonly #awaited = new Map<number, number>();
  #heldSize = 0;
  readonly #header = new Uint8Array(HEADER_SIZE);
  #fill = 0;
  /** Bytes of the running frame that are still to come. */
  #left = 0;
  #route: Route | undefined;
  /** Assembles what is not passed on at once. */
  #collected: Uint8Array | undefined;
  #collectedFill = 0;
  #collecting: ((whole: Uint8Array) => void) | undefined;
  #block: Uint8Array = EMPTY;
  #blockFill = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  bind(id: number, route: Route): void {
    this.#routes.set(id, route);
    this.#awaited.delete(id);
    for (const frame of this.#takeHeld(id)) {
      if (frame[0] === Code.BIND) this.#bindFrame(id, frame.subarray(HEADER_SIZE));
      else route.insert(frame);
    }
  }

  unbind(id: number): void {
    this.#routes.delete(id);
    this.#awaited.delete(id);
    const lost: number[] = [];
    for (const frame of this.#takeHeld(id)) {
      if (frame[0] === Code.BIND) lost.push(readInt32(frame, HEADER_SIZE));
    }
    this.#closed.add(id);
    if (this.#closed.size > REMEMBERED) this.#closed.delete(this.#closed.values().next().value as number);
    for (const one of lost) {
      this.#unawait(one);
      this.#lose(one, id);
    }
  }

  /** Nobody gets the item on `carrier` that holds the channel; unless somebody has it already, or will get it otherwise, that is its end. */
  #lose(id: number, carrier: number): void {
    if (id % 2 === 0 || this.#routes.has(id) || this.#closed.has(id) || this.#awaited.has(id)) return;
    this.unbind(id);
    this.#options.lost(id, carrier);
  }

  drop(route: Route): number[] {
    const ids = [...this.#routes].filter(([, owner]) => owner === route).map(([id]) => id);
    for (const id of ids) this.unbind(id);
    if (this.#route === route) this.#route = undefined;
    return ids;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    // what may be passed on in one piece: [from, at)
    let from = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, chunk.length - at);
        this.#left -= take;
        if (this.#collecting) {
          this.#collect(chunk.subarray(at, at + take));
          at += take;
          from = at;
          if (this.#left === 0) this.#collectedWhole();
        } else at += take;
        continue;
      }
      if (this.#fill === 0 && chunk.length - at >= HEADER_SIZE) {
        const before = this.#route;
        const start = at;
        at += HEADER_SIZE;
        this.#begin(chunk, start);
        if (this.#route !== before || this.#collecting) {
          this.#pass(before, chunk.subarray(from, start), 0);
          from = start;
        }
        if (this.#collecting) {
          from = at;
          if (this.#left === 0) this.#collectedWhole();
        }
      } else {
        this.#pass(this.#route, chunk.subarray(from, at), 0);
        while (this.#fill < HEADER_SIZE && at < chunk.length)
          this.#header[this.#fill++] = chunk[at++] as number;
        from = at;
        if (this.#fill < HEADER_SIZE) return;
        this.#fill = 0;
        this.#begin(this.#header, 0);
        if (this.#collecting) {
          if (this.#left === 0) this.#collectedWhole();
        } else this.#pass(this.#route, this.#header.slice(), this.#left);
      }
    }
    this.#pass(this.#route, chunk.subarray(from, at), this.#left);
  }

  #pass(route: Route | undefined, bytes: Uint8Array, left: number): void {
    if (bytes.length > 0) route?.write(bytes, left);
  }

  /** Looks at a header: sets where the frame goes, and how much of it is still to come. */
  #begin(source: Uint8Array, offset: number): void {
    const code = source[offset] as number;
    const id = readInt32(source, offset + 1);
    const length = readInt32(source, offset + 5);
    if (code > MAX_CODE || id < 0 || length < 0 || length > MAX_FRAME) {
      throw new ProtocolError(
        `a frame with code ${code}, channel ${id} and ${length} bytes is none of this protocol`,
      );
    }
    this.#left = length;
    this.#collecting = undefined;
    if (code === Code.BIND && length !== INT32_SIZE)
      throw new ProtocolError(`BIND with a payload of ${length} bytes instead of ${INT32_SIZE}`);
    if (CONTROL.has(code)) {
      this.#route = undefined;
      if (code === Code.CHANNEL_EXEC || code === Code.SERVICE) this.#await(id);
      this.#assemble(length, (payload) => this.#options.control(code, id, payload));
      return;
    }
    this.#route = this.#routeOf(id);
    if (code === Code.BIND && this.#route) {
      this.#route = undefined;
      this.#assemble(length, (payload) => this.#bindFrame(id, payload));
      return;
    }
    if (code === Code.CANCEL && this.#route) this.#options.control(code, id, EMPTY);
    if (this.#route) return;
    if (id % 2 === 0 || this.#closed.has(id)) {
      if (code === Code.BIND) this.#assemble(length, (payload) => this.#lose(readInt32(payload, 0), id));
      return;
    }
    if (code === Code.CANCEL) {
      // it has not begun: that is for the one who keeps what waits
      this.#assemble(length, (payload) => this.#options.control(code, id, payload));
      return;
    }
    if ((code === Code.CHANNEL_CLOSE || code === Code.CHANNEL_CLOSE_ERROR) && !this.#awaited.has(id)) {
      // made and closed there without being told to anybody here: its id will not come again
      this.unbind(id);
      return;
    }
    if (this.#heldSize + HEADER_SIZE + length > MAX_HELD)
      throw new ProtocolError(`more than ${MAX_HELD} bytes arrived for channels that were never announced`);
    const header = source.slice(offset, offset + HEADER_SIZE);
    this.#assemble(length, (payload) => this.#hold(id, header, payload));
  }

  /** The next item on `carrier` holds the channel in `payload`: whoever gets the one gets the other. */
  #bindFrame(carrier: number, payload: Uint8Array): void {
    const route = this.#routeOf(carrier);
    if (!route) return;
    route.insert(encodeFrame(Code.BIND, carrier, payload));
    const id = readInt32(payload, 0);
    if (id % 2 === 0) return;
    this.bind(id, route);
    // sent once more by a peer that does not know it yet
    if (this.#closed.has(id)) route.insert(encodeFrame(Code.CHANNEL_CLOSE, id, EMPTY));
  }

  #routeOf(id: number): Route | undefined {
    return id % 2 === 0 ? this.#options.thread((id >>> 1) % SLOTS) : this.#routes.get(id);
  }

  #hold(id: number, header: Uint8Array, payload: Uint8Array): void {
    const frame = new Uint8Array(HEADER_SIZE + payload.length);
    frame.set(header);
    frame.set(payload, HEADER_SIZE);
    this.#heldSize += frame.length;
    const held = this.#held.get(id);
    if (held) held.push(frame);
    else this.#held.set(id, [frame]);
    if (frame[0] === Code.BIND) this.#await(readInt32(payload, 0));
  }

  #takeHeld(id: number): readonly Uint8Array[] {
    const held = this.#held.get(id);
    if (!held) return NO_FRAMES;
    this.#held.delete(id);
    for (const frame of held) this.#heldSize -= frame.length;
    return held;
  }

  /** An announcement of `id` is kept: frames for it, its close included, are kept too. */
  #await(id: number): void {
    this.#awaited.set(id, (this.#awaited.get(id) ?? 0) + 1);
  }

  /** An announcement of `id` was dropped; if it was the last, and `id` is closed already, so is what was kept for it. */
  #unawait(id: number): void {
    const count = (this.#awaited.get(id) ?? 0) - 1;
    if (count > 0) this.#awaited.set(id, count);
    else {
      this.#awaited.delete(id);
      const last = this.#held.get(id)?.at(-1)?.[0];
      if (last === Code.CHANNEL_CLOSE || last === Code.CHANNEL_CLOSE_ERROR) this.unbind(id);
    }
  }

  #assemble(length: number, then: (whole: Uint8Array) => void): void {
    this.#collecting = then;
    this.#collectedFill = 0;
    // a hostile length alone reserves next to nothing
    this.#collected = length <= BLOCK / 16 ? this.#inBlock(length) : new Uint8Array(Math.min(length, BLOCK));
  }

  #inBlock(length: number): Uint8Array {
    if (this.#blockFill + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK);
      this.#blockFill = 0;
    }
    this.#blockFill += length;
    return this.#block.subarray(this.#blockFill - length, this.#blockFill);
  }

  #collect(part: Uint8Array): void {
    let collected = this.#collected as Uint8Array;
    const needed = this.#collectedFill + part.length;
    if (needed > collected.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(collected.length * 2, needed + this.#left)));
      grown.set(collected.subarray(0, this.#collectedFill));
      collected = this.#collected = grown;
    }
    collected.set(part, this.#collectedFill);
    this.#collectedFill = needed;
  }

  #collectedWhole(): void {
    const then = this.#collecting as (whole: Uint8Array) => void;
    const collected = this.#collected as Uint8Array;
    const whole =
      collected.length === this.#collectedFill ? collected : collected.subarray(0, this.#collectedFill);
    this.#collecting = undefined;
    this.#collected = undefined;
    this.#route = undefined;
    then(whole);
  }
}
