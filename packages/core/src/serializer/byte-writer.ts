import { DumpError } from '../errors/index.ts';
import { allocateUnsafe, nodeBuffer } from './node-buffer.ts';
import { encoder } from './utf8.ts';

/**
 * Messages are laid one behind the other into slabs of this size. Large enough that allocating one is lost in the cost of the
 * messages it holds; small enough that a thousand channels which each keep one small message waiting pin 16 MiB at most.
 */
const SLAB = 16 * 1024;

/** A message may begin in the rest of a slab if that much is left; below it, it would soon have to move. */
const MIN_REST = 512;

const utf8Write = nodeBuffer?.prototype?.utf8Write;

/**
 * Grows a message at the end of a slab and hands it out as a window. What was handed out is never written again:
 * the next message begins behind it, or in a new slab.
 */
export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  /** Where the next byte goes. */
  pos = 0;
  /** Where the part begins that is being written. */
  start = 0;
  /** Where the slab ends. */
  protected end = 0;
  readonly #maxPayload: number;
  /** Bytes of this message in parts that were cut off. */
  #cut = 0;
  #hint: number = SLAB;

  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  protected begin(): void {
    this.#cut = 0;
    if (this.end - this.pos < MIN_REST) this.#open(this.#hint);
    this.start = this.pos;
  }

  /** Ends the part begun last and hands it out. */
  protected take(): Uint8Array {
    const size = this.pos - this.start;
    if (this.#cut + size > this.#maxPayload) this.#tooLarge(this.#cut + size);
    const part = new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + this.start, size);
    this.#cut += size;
    // The next large message is likely as large: it starts in a slab of its size instead of growing there again.
    this.#hint = size > SLAB ? Math.min(size + (size >> 2), 2 ** 20) : SLAB;
    if (size > SLAB) this.end = this.pos;
    this.start = this.pos;
    return part;
  }

  /**
   * The part handed out last is of no use to anybody any more: its memory is written to again. Without it the memory of a million short
   * messages would wait for the collector.
   */
  reclaim(part: Uint8Array): void {
    const from = part.byteOffset - this.bytes.byteOffset;
    if (part.buffer !== this.bytes.buffer || from + part.length !== this.pos) return;
    this.pos = from;
    this.end = this.bytes.length;
  }

  /** Takes foreign bytes into account that travel as a part of their own. */
  protected count(size: number): void {
    this.#cut += size;
    if (this.#cut > this.#maxPayload) this.#tooLarge(this.#cut);
  }

  /** Makes room for `size` more bytes; afterwards `bytes`, `pos` and `start` may be others. */
  reserve(size: number): void {
    if (this.pos + size > this.end) this.#grow(size);
  }

  #open(size: number): void {
    this.bytes = allocateUnsafe(size);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
    this.pos = 0;
    this.end = size;
  }

  #grow(size: number): void {
    const written = this.pos - this.start;
    const needed = written + size;
    const old = this.bytes;
    const from = this.start;
    // What was reserved may be three times what a text will need, so that only what is beyond doubt counts here.
    if (this.#cut + written > this.#maxPayload || size > this.#maxPayload * 3 + 16)
      this.#tooLarge(this.#cut + needed);
    this.#open(Math.max(SLAB, needed < 2 ** 24 ? needed * 2 : needed + (needed >> 2)));
    this.bytes.set(old.subarray(from, from + written));
    this.start = 0;
    this.pos = written;
  }

  #tooLarge(size: number): never {
    throw new DumpError(
      `$ takes ${size} bytes or more, which is above the limit of ${this.#maxPayload} (maxPayload); send it in several items`,
      '$',
    );
  }

  /** Copies raw bytes behind what was written. */
  raw(data: Uint8Array): void {
    const size = data.length;
    this.reserve(size);
    if (size < 24) {
      // Below this a call of set() costs more than the loop.
      const { bytes } = this;
      let { pos } = this;
      for (let i = 0; i < size; i++) bytes[pos++] = data[i] as number;
      this.pos = pos;
    } else {
      this.bytes.set(data, this.pos);
      this.pos += size;
    }
  }

  /** Writes UTF-8 at `pos` and tells how many bytes that were. The caller has reserved three for each code unit. */
  utf8(text: string): number {
    const { pos } = this;
    const written = utf8Write
      ? utf8Write.call(this.bytes, text, pos, this.end - pos)
      : encoder.encodeInto(text, this.bytes.subarray(pos)).written;
    this.pos = pos + written;
    return written;
  }
}
