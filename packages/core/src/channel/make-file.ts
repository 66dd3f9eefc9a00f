import type { Readable, Writable } from 'node:stream';
import { web } from '../web.ts';
import type { Closable, Sink } from './web-streams.ts';

/** Options of `makeFile`. */
export interface FileOptions {
  /** When the stream has come to its end, or is destroyed, the channel is closed. Default: false; what the stream has not to do with stays open. */
  proxyClose?: boolean;
}

type Streams = typeof import('node:stream');

const encoder = new (web('TextEncoder', 'node:util'))();

/** A `Readable` of bytes over the strings and binaries that arrive. */
export function readFile(
  channel: AsyncIterable<unknown> & Closable,
  streams: Streams,
  { proxyClose = false }: FileOptions,
): Readable {
  const items = channel[Symbol.asyncIterator]();
  return new streams.Readable({
    read() {
      const next = (): void => {
        items.next().then(
          ({ done, value }) => {
            if (done) this.push(null);
            else if (!pushBytes(this, value)) next();
          },
          (error: Error) => this.destroy(error),
        );
      };
      next();
    },
    destroy(error, done) {
      if (proxyClose) channel.close(error ?? undefined);
      done(error);
    },
  });
}

/** False for an empty item: the stream would take it as no answer, and never ask again. What is neither string nor binary destroys it. */
function pushBytes(stream: Readable, value: unknown): boolean {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value;
  if (!(bytes instanceof Uint8Array)) {
    stream.destroy(
      new TypeError(`a file is made of strings and binaries, but the channel brought ${typeof value}`),
    );
    return true;
  }
  if (bytes.length > 0) stream.push(bytes);
  return bytes.length > 0;
}

/** A `Writable` that sends each chunk as one item, with the backpressure of the channel, and ends the channel. */
export function writeFile(
  channel: Sink<unknown>,
  streams: Streams,
  { proxyClose = false }: FileOptions,
): Writable {
  return new streams.Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      const sent = channel.send(chunk);
      // several chunks that are written in a row leave in a row, before the code that writes them can end
      if (sent) sent.then(() => done(), done);
      else done();
    },
    final(done) {
      channel.end().then(() => done(), done);
    },
    destroy(error, done) {
      if (proxyClose) channel.close(error ?? undefined);
      done(error);
    },
  });
}
