/** Longer lines are cut: who prints without ending a line is heard all the same. */
const MAX_LINE = 65536;

const NEWLINE = 10;

/** Puts a prefix before each line that comes in pieces of any size. What is no whole line is kept until it is, or until the end. */
export class Prefixed {
  readonly #prefix: Buffer;
  readonly #write: (lines: Uint8Array) => unknown;
  #rest: Uint8Array[] = [];
  #size = 0;

  constructor(prefix: string, write: (lines: Uint8Array) => unknown) {
    this.#prefix = Buffer.from(prefix);
    this.#write = write;
  }

  take(chunk: Uint8Array): void {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      if (at < 0) break;
      parts.push(this.#prefix, ...this.#rest.splice(0), chunk.subarray(from, at + 1));
      this.#size = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      // the chunk is valid during the call only
      this.#rest.push(chunk.slice(from));
      this.#size += chunk.length - from;
    }
    if (parts.length > 0) this.#write(Buffer.concat(parts));
    if (this.#size > MAX_LINE) this.end();
  }

  /** Ends the line that was begun. */
  end(): void {
    if (this.#size > 0) this.take(Uint8Array.of(NEWLINE));
  }
}
