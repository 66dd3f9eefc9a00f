import { Duplex, type Readable, type WritableOptions } from 'node:stream';
import type { Connection, ConnectionSink } from '../registry/contracts.ts';

/** Bytes that wait for the connection before a writer has to: to stop at each chunk halves the throughput. */
const MAX_QUEUED = 1024 * 1024;

/** The part of a stream that reads from a connection; `into` starts that, with the stream that was made of it. */
export function readsFrom(connection: Connection): {
  read(): void;
  into(stream: Readable, output: ConnectionSink['output']): void;
} {
  let paused = false;
  return {
    read() {
      if (!paused) return;
      paused = false;
      connection.resume();
    },
    into(stream, output) {
      connection.start({
        data: (chunk, owned) => {
          if (stream.destroyed || stream.push(owned ? chunk : Buffer.from(chunk)) || paused) return;
          paused = true;
          connection.pause();
        },
        output,
        end: (reason) => {
          if (reason) stream.destroy(reason);
          else stream.push(null);
        },
      });
    },
  };
}

/** The part of a stream that writes to a connection. */
export function writesTo(connection: Connection): Pick<WritableOptions, 'write' | 'writev' | 'final'> {
  const goOn = (done: () => void): void => {
    if (connection.queued > MAX_QUEUED) void connection.drained().then(done);
    else done();
  };
  return {
    write(chunk: Uint8Array, _encoding, done) {
      connection.write(chunk);
      goOn(done);
    },
    writev(chunks: { chunk: Uint8Array }[], done) {
      for (const { chunk } of chunks) connection.write(chunk);
      goOn(done);
    },
    final(done) {
      connection.end();
      done();
    },
  };
}

/** Resolves when a connection that both ends have ended is closed, with all that was written: to abort it would lose what is under way. */
async function passedOn(connection: Connection): Promise<void> {
  const { error } = await connection.closed;
  if (error) throw error;
}

/**
 * A connection as a Node stream, for libraries that speak a protocol of their own over one; it starts the connection. Destroying the stream
 * aborts it. When both ends have ended it, it closes when all that was written has been passed on.
 */
export function duplexOf(connection: Connection): Duplex {
  const { read, into } = readsFrom(connection);
  const stream = new Duplex({
    read,
    ...writesTo(connection),
    destroy(error, done) {
      const ended = !error && stream.writableFinished && stream.readableEnded;
      const gone = ended ? passedOn(connection) : connection.abort(error ?? undefined);
      gone.then(
        () => done(error),
        (failure: Error) => done(error ?? failure),
      );
    },
  });
  into(stream, () => {});
  return stream;
}
