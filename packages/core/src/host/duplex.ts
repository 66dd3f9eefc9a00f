import { Duplex } from 'node:stream';
import type { Connection } from '../registry/contracts.ts';

/**
 * A connection as a Node stream, for libraries that speak a protocol of their own over one; it starts the connection. Destroying the stream
 * aborts it.
 */
export function duplexOf(connection: Connection): Duplex {
  let paused = false;
  const stream = new Duplex({
    read() {
      if (!paused) return;
      paused = false;
      connection.resume();
    },
    write(chunk: Uint8Array, _encoding, done) {
      if (connection.write(chunk)) done();
      else void connection.drained().then(() => done());
    },
    final(done) {
      connection.end();
      done();
    },
    destroy(error, done) {
      connection.abort(error ?? undefined).then(
        () => done(error),
        (failure: Error) => done(error ?? failure),
      );
    },
  });
  connection.start({
    data: (chunk) => {
      // its memory is read into again
      if (stream.push(Buffer.from(chunk)) || paused) return;
      paused = true;
      connection.pause();
    },
    output: () => {},
    end: (reason) => {
      if (reason) stream.destroy(reason);
      else stream.push(null);
    },
  });
  return stream;
}
