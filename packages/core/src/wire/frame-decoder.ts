import { ProtocolError } from '../errors/index.ts';
import { Code, codeName, MAX_CODE } from './code.ts';
import { EMPTY, HEADER_SIZE, readInt32 } from './header.ts';

/**
 * Receives one frame.
 *
 * `payload` may be a view of a chunk that holds other frames too, valid during the call only, unless `owned` says that nothing else
 * uses its memory.
 */
export type FrameHandler = (code: number, id: number, payload: Uint8Array, owned: boolean) => void;

/**
 * Largest payload of a frame that is not data, of data of a peer that does not send fragments, and of an item in fragments: what serializers
 * dump at most. Program text and arguments travel in one frame; what is announced is reserved only as it arrives.
 */
export const MAX_FRAME: number = 2 ** 30;

/** Bounds of a {@link FrameDecoder}, in bytes. */
export interface FrameLimits {
  /** Largest payload of any frame. Default: {@link MAX_FRAME}. */
  readonly maxPayload?: number;
  /** Largest payload of data; `FRAGMENT_SIZE` where the peer sends fragments. Default: `maxPayload`. */
  readonly maxData?: number;
}

/**
 * Memory into which a payload that spans chunks is put together, exactly as long as it: where it belongs in the end. Undefined: the decoder
 * takes memory of its own.
 */
export type FrameTarget = (code: number, id: number, length: number) => Uint8Array | undefined;

export interface FrameDecoderOptions extends FrameLimits {
  readonly target?: FrameTarget;
}

/** A frame of unknown length grows by doubling from here, so that a hostile length field alone reserves next to nothing. */
const FIRST_RESERVATION = 65536;

/**
 * Cuts a byte stream into frames.
 *
 * A payload that lies in one chunk is handed over as a view of it; one that spans chunks is assembled once. Throws a
 * {@link ProtocolError} on an unknown code or an impossible length, and is of no use from then on.
 */
export class FrameDecoder {
  readonly #handle: FrameHandler;
  readonly #maxPayload: number;
  readonly #maxData: number;
  readonly #target: FrameTarget | undefined;
  readonly #header = new Uint8Array(HEADER_SIZE);
  #headerFill = 0;
  #code = 0;
  #id = 0;
  #length = -1;
  #payload: Uint8Array | undefined;
  #payloadFill = 0;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #stopped = false;

  constructor(
    handle: FrameHandler,
    { maxPayload = MAX_FRAME, maxData = maxPayload, target }: FrameDecoderOptions = {},
  ) {
    this.#handle = handle;
    this.#target = target;
    this.#maxPayload = maxPayload;
    this.#maxData = maxData;
  }

  /** True while a frame is incomplete: the end of the stream would cut it. */
  get midFrame(): boolean {
    return this.#headerFill > 0 || this.#length >= 0;
  }

  /** What was pushed and not decoded yet; empty unless {@link stop} was called, or within a handler. */
  get rest(): Uint8Array {
    return this.#chunk.subarray(this.#at);
  }

  /**
   * Memory that the next bytes of the stream belong to, if they are part of a payload that has a place of its own: who reads them there, and tells
   * by {@link filled}, spares a copy. Undefined while there is something left of a chunk.
   */
  get space(): Uint8Array | undefined {
    const payload = this.#payload;
    if (payload === undefined || this.#at < this.#chunk.length) return undefined;
    return this.#payloadFill < payload.length ? payload.subarray(this.#payloadFill) : undefined;
  }

  /** The first `size` bytes of {@link space} have been written. */
  filled(size: number): void {
    this.#payloadFill += size;
    if (this.#payloadFill === this.#length) this.#finish();
  }

  /** The rest of a frame that is incomplete will not come: what there is of it is forgotten. */
  abandon(): void {
    this.#headerFill = 0;
    this.#length = -1;
    this.#payload = undefined;
  }

  /** Ends the running {@link push} after the frame being handled. */
  stop(): void {
    this.#stopped = true;
  }

  /** Decodes all frames that `chunk` completes, in order. The last chunk must have been decoded to its end. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.drain();
  }

  /**
   * Goes on with what {@link rest} holds; true if it held anything. May be called within a handler that blocks for further frames: position
   * and chunk are fields, so that the outer call goes on where the inner one ended.
   */
  drain(): boolean {
    if (this.#at >= this.#chunk.length) return false;
    this.#stopped = false;
    while (this.#at < this.#chunk.length && !this.#stopped) this.#step();
    if (this.#at >= this.#chunk.length) this.#chunk = EMPTY;
    return true;
  }

  #step(): void {
    const chunk = this.#chunk;
    const end = chunk.length;
    if (this.#length < 0) {
      if (this.#headerFill === 0 && end - this.#at >= HEADER_SIZE) {
        this.#readHeader(chunk, this.#at);
        this.#at += HEADER_SIZE;
      } else {
        while (this.#headerFill < HEADER_SIZE && this.#at < end)
          this.#header[this.#headerFill++] = chunk[this.#at++] as number;
        if (this.#headerFill < HEADER_SIZE) return;
        this.#headerFill = 0;
        this.#readHeader(this.#header, 0);
      }
    }
    const length = this.#length;
    const from = this.#at;
    if (this.#payload === undefined && end - from >= length) {
      this.#length = -1;
      this.#at = from + length;
      this.#handle(this.#code, this.#id, chunk.subarray(from, this.#at), false);
      return;
    }
    this.#at += this.#fill(chunk, from);
    if (this.#payloadFill === length) this.#finish();
  }

  #finish(): void {
    const length = this.#length;
    const payload = this.#payload as Uint8Array;
    this.#payload = undefined;
    this.#length = -1;
    this.#handle(
      this.#code,
      this.#id,
      payload.length === length ? payload : payload.subarray(0, length),
      true,
    );
  }

  #readHeader(source: Uint8Array, offset: number): void {
    const code = source[offset] as number;
    const length = readInt32(source, offset + 5);
    const id = readInt32(source, offset + 1);
    if (code > MAX_CODE) throw new ProtocolError(`a frame with the unknown code ${code} arrived`);
    if (id < 0) throw new ProtocolError(`a frame with the negative channel id ${id} arrived`);
    const limit = isData(code) ? this.#maxData : this.#maxPayload;
    if (length < 0 || length > limit) {
      throw new ProtocolError(
        `${codeName(code)} announces a payload of ${length >>> 0} bytes; at most ${limit} are accepted`,
      );
    }
    this.#code = code;
    this.#id = id;
    this.#length = length;
  }

  #fill(chunk: Uint8Array, at: number): number {
    const length = this.#length;
    let payload = this.#payload;
    if (payload === undefined) {
      // frames of up to one fragment are reserved whole: that is what honest peers of ours send
      payload = this.#payload =
        this.#target?.(this.#code, this.#id, length) ?? new Uint8Array(Math.min(length, FIRST_RESERVATION));
      this.#payloadFill = 0;
    }
    const take = Math.min(chunk.length - at, length - this.#payloadFill);
    const needed = this.#payloadFill + take;
    if (needed > payload.length) {
      const grown = new Uint8Array(Math.min(length, Math.max(needed, payload.length * 2)));
      grown.set(payload.subarray(0, this.#payloadFill));
      payload = this.#payload = grown;
    }
    payload.set(chunk.subarray(at, at + take), this.#payloadFill);
    this.#payloadFill = needed;
    return take;
  }
}

/** Tells data of a channel, whole or in parts, from control frames. */
function isData(code: number): boolean {
  return code === Code.CHANNEL_DATA || code === Code.FRAGMENT_FIRST || code === Code.FRAGMENT;
}
