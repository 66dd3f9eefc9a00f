/** What an error message can show and a person will read; `ExitReport.stderr` promises it. */
const STDERR_TAIL = 8192;

/** Keeps the last bytes of what is written to it. */
export class TailBuffer {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(limit: number = STDERR_TAIL) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    const kept = chunk.length > this.#limit ? chunk.slice(-this.#limit) : chunk;
    this.#chunks.push(kept);
    this.#size += kept.length;
    while (this.#size - (this.#chunks[0]?.length ?? 0) >= this.#limit && this.#chunks.length > 1) {
      this.#size -= (this.#chunks.shift() as Uint8Array).length;
    }
  }

  toString(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString();
  }
}
