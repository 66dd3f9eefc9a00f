import type { Readable, Writable } from 'node:stream';
import type { Channel } from './channel.ts';

/** Options of `makeFile`. */
export interface FileOptions {
  /** Ending or destroying the stream closes the channel. Default: false, the channel stays open. */
  proxyClose?: boolean;
}

type Streams = typeof import('node:stream');

const encoder = new TextEncoder();

/** A `Readable` of bytes over the strings and binaries that arrive. */
export function readFile(channel: Channel, streams: Streams, { proxyClose = false }: FileOptions): Readable {
  const items = channel[Symbol.asyncIterator]();
  return new streams.Readable({
    read() {
      items.next().then(
        ({ done, value }) => {
          if (done) this.push(null);
          else pushBytes(this, value);
        },
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      if (proxyClose) channel.close(error ?? undefined);
      done(error);
    },
  });
}

/** Strings and binaries only; an empty one asks for the next, because pushing nothing would look like the end of the stream's patience. */
function pushBytes(stream: Readable, value: unknown): void {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value;
  if (!(bytes instanceof Uint8Array)) {
    stream.destroy(
      new TypeError(`a file is made of strings and binaries, but the channel brought ${typeof value}`),
    );
  } else if (bytes.length === 0) stream.read(0);
  else stream.push(bytes);
}

/** A `Writable` that sends each chunk as one item, with the backpressure of the channel. */
export function writeFile(channel: Channel, streams: Streams, { proxyClose = false }: FileOptions): Writable {
  return new streams.Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      channel.send(chunk).then(() => done(), done);
    },
    destroy(error, done) {
      if (proxyClose) channel.close(error ?? undefined);
      done(error);
    },
  });
}
