import { PassThrough, type Readable } from 'node:stream';
import { Room } from '../host/index.ts';

/** What is kept of what a remote end prints while nobody reads it, where who prints can't be made to wait, in bytes. */
const MAX_UNREAD = 4 * 1024 * 1024;

/**
 * What a remote end prints, as a stream. While nobody reads it, who prints waits, as a child process does that writes to a pipe; over a connection that can't hold it
 * back, what does not fit is dropped, and a line in its place says how much.
 */
export class Printed {
  readonly #stream = new PassThrough();
  readonly #room = new Room(this.#stream);
  #dropped = 0;
  #ending = false;

  get stream(): Readable {
    return this.#stream;
  }

  /** A promise if who prints is to wait for it before it goes on. What comes behind the end, or when the reader has destroyed the stream, is for nobody. */
  take(chunk: Uint8Array): Promise<void> | undefined {
    const stream = this.#stream;
    if (!stream.writable) return undefined;
    if (stream.writableLength + stream.readableLength > MAX_UNREAD) this.#dropped += chunk.length;
    else {
      this.#tellDropped();
      if (stream.write(chunk)) return undefined;
    }
    return this.#ending ? undefined : this.#room.wait();
  }

  /** What comes from now on waits for nobody: the remote end is to come to its end. */
  ending(): void {
    this.#ending = true;
    this.#room.release();
  }

  end(): void {
    if (!this.#stream.writable) return;
    this.#tellDropped();
    this.#stream.end();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#stream.write(
      `\nexecnet: ${this.#dropped} bytes were dropped here, as nobody read what was printed\n`,
    );
    this.#dropped = 0;
  }
}
