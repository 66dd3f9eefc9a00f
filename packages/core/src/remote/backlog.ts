/** Blocks of this size, so that a million small frames are not a million buffers. */
const BLOCK = 65536;

/** Bytes that wait in order, to be taken from the front. */
export class Backlog {
  #blocks: Uint8Array[] = [];
  /** How much of the first block is taken. */
  #taken = 0;
  /** How much of the last block is filled. */
  #filled = 0;
  #size = 0;

  get empty(): boolean {
    return this.#blocks.length === 0;
  }

  /** How many bytes wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds a copy. */
  push(bytes: Uint8Array): void {
    this.#size += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      let last = this.#blocks[this.#blocks.length - 1];
      if (last === undefined || this.#filled === last.length) {
        last = new Uint8Array(Math.max(BLOCK, bytes.length - at));
        this.#blocks.push(last);
        this.#filled = 0;
      }
      const size = Math.min(last.length - this.#filled, bytes.length - at);
      last.set(bytes.subarray(at, at + size), this.#filled);
      this.#filled += size;
      at += size;
    }
  }

  /** What is in front, in one piece, valid until {@link push}; empty if nothing waits. */
  front(): Uint8Array {
    const [first] = this.#blocks;
    if (first === undefined) return new Uint8Array(0);
    return first.subarray(this.#taken, this.#blocks.length === 1 ? this.#filled : first.length);
  }

  /** Drops the first `size` bytes of the front. */
  take(size: number): void {
    const left = this.front().length - size;
    this.#taken += size;
    this.#size -= size;
    if (left > 0) return;
    this.#blocks.shift();
    this.#taken = 0;
    if (this.#blocks.length === 0) this.#filled = 0;
  }
}
