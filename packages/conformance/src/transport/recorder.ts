import { createHash } from 'node:crypto';
import type { ConnectionSink, OutputStream } from '@execnet/core/plugin';

/** Text is looked at, bulk is hashed: so much is kept of each. */
const KEPT = 65536;

/** A sink that keeps what a connection delivers, and finds fault with how it does so. */
export class Recorder implements ConnectionSink {
  /** What the connection did that it must not. */
  readonly faults: string[] = [];
  /** Resolves with the reason when the end is told. */
  readonly ended: Promise<Error | undefined>;
  /** Bytes of the protocol so far. */
  size = 0;
  readonly #hash = createHash('sha256');
  readonly #kept: Record<'data' | OutputStream, Buffer> = {
    data: Buffer.alloc(0),
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
  };
  #started = false;
  #over = false;
  #closed = false;
  #settle!: (reason: Error | undefined) => void;
  #wake: (() => void)[] = [];

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** The first of the protocol's bytes, as text. */
  get text(): string {
    return this.#kept.data.toString();
  }

  get stdout(): string {
    return this.#kept.stdout.toString();
  }

  get stderr(): string {
    return this.#kept.stderr.toString();
  }

  /** What was printed, wherever it came. */
  get printed(): string {
    return this.stdout + this.stderr;
  }

  /** `start` has returned. */
  started(): void {
    this.#started = true;
  }

  /** The connection has said how it ended. */
  closed(): void {
    this.#closed = true;
    this.#look();
  }

  data(chunk: Uint8Array): void {
    this.#check('data', this.#over);
    if (!(chunk instanceof Uint8Array) || chunk.length === 0) this.faults.push('data brings no bytes');
    this.size += chunk.length;
    this.#hash.update(chunk);
    this.#keep('data', chunk);
  }

  output(stream: OutputStream, chunk: Uint8Array): void {
    // what is printed takes another way, and may come after the end of the bytes
    this.#check('output', this.#closed);
    this.#keep(stream, chunk);
  }

  end(reason?: Error): void {
    this.#check('end', this.#over);
    this.#over = true;
    this.#settle(reason);
    this.#look();
  }

  /** Waits until it is so; rejects if the connection ends before. */
  async until(isSo: () => boolean, what: string): Promise<void> {
    while (!isSo()) {
      if (this.#over && this.#closed)
        throw new Error(`the connection ended before ${what}; it brought ${this.size} bytes`);
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
    }
  }

  /** Waits for a text among the first bytes. */
  async has(text: string): Promise<void> {
    await this.until(() => this.text.includes(text), JSON.stringify(text));
  }

  /** Waits for a line of words that is the first. */
  async firstLine(): Promise<string> {
    await this.has('\n');
    return this.text.slice(0, this.text.indexOf('\n'));
  }

  async arrived(size: number): Promise<void> {
    await this.until(() => this.size >= size, `${size} bytes`);
  }

  /** Of all bytes so far; to be asked once. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  #check(what: string, tooLate: boolean): void {
    if (!this.#started) this.faults.push(`${what} comes before start has returned`);
    if (tooLate) this.faults.push(`${what} comes too late`);
  }

  #keep(where: 'data' | OutputStream, chunk: Uint8Array): void {
    const kept = this.#kept[where];
    // its memory is read into again
    if (kept.length < KEPT) this.#kept[where] = Buffer.concat([kept, chunk.subarray(0, KEPT - kept.length)]);
    this.#look();
  }

  #look(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
