import { ProtocolError } from '../errors/index.ts';
import { allocateUnsafe } from '../serializer/node-buffer.ts';
import { FRAGMENT_SIZE, HEADER_SIZE, MAX_FRAME, readInt32 } from '../wire/index.ts';

/** What a hostile size alone may reserve; beyond it memory is reserved as bytes arrive. Twice the largest window. */
const FIRST_RESERVATION = 4 * 1024 * 1024;

/** Puts the parts of one item together. */
export class ItemAssembly {
  bytes: Uint8Array;
  /** What its frames have cost so far. */
  cost = 0;
  readonly #size: number;
  #fill = 0;

  constructor(size: number) {
    this.#size = size;
    this.bytes = allocateUnsafe(Math.min(size, FIRST_RESERVATION));
  }

  /** A first part: `uint32` size of the whole, then bytes. */
  static begin(payload: Uint8Array, running: ItemAssembly | undefined): ItemAssembly {
    if (running) throw new ProtocolError('an item begins inside another on the same channel');
    if (payload.length < 4) throw new ProtocolError('a first fragment without a size arrived');
    const size = readInt32(payload, 0) >>> 0;
    if (size === 0 || size > MAX_FRAME)
      throw new ProtocolError(`an item of ${size} bytes is announced; at most ${MAX_FRAME} are accepted`);
    const assembly = new ItemAssembly(size);
    assembly.#add(payload, 4);
    return assembly;
  }

  /** A further part. */
  static extend(payload: Uint8Array, running: ItemAssembly | undefined): ItemAssembly {
    if (!running) throw new ProtocolError('a fragment without a first one arrived');
    running.#add(payload, 0);
    return running;
  }

  /** Bytes of the item still to come. */
  get missing(): number {
    return this.#size - this.#fill;
  }

  /** An upper bound of what the frames still to come cost, so that the credit granted for them is enough however they are cut. */
  get missingCost(): number {
    return this.missing === 0
      ? 0
      : this.missing + (Math.ceil(this.missing / FRAGMENT_SIZE) + 1) * HEADER_SIZE;
  }

  /** Where the next part belongs, for a decoder that has not got all of it yet; what it writes there counts when the part is added. */
  target(size: number): Uint8Array | undefined {
    if (size > this.missing) return undefined;
    this.#reserve(size);
    return this.bytes.subarray(this.#fill, this.#fill + size);
  }

  #add(payload: Uint8Array, from: number): void {
    const size = payload.length - from;
    if (size > this.missing) throw new ProtocolError('the fragments of an item are longer than it');
    this.#reserve(size);
    const inPlace =
      payload.buffer === this.bytes.buffer && payload.byteOffset === this.bytes.byteOffset + this.#fill;
    if (!inPlace) this.bytes.set(from === 0 ? payload : payload.subarray(from), this.#fill);
    this.#fill += size;
    this.cost += payload.length + HEADER_SIZE;
  }

  #reserve(size: number): void {
    const needed = this.#fill + size;
    if (needed <= this.bytes.length) return;
    const grown = allocateUnsafe(Math.min(this.#size, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.#fill));
    this.bytes = grown;
  }
}
