import { web } from '../web.ts';

export interface Closable {
  close(error?: unknown): void;
}

/** A channel as a stream needs it to send its chunks. */
export interface Sink<T> extends Closable {
  /** Undefined if the item has left at once. */
  send(item: T): Promise<void> | undefined;
  end(): Promise<void>;
}

/** The items that arrive on `channel`; nothing is read ahead of the reader. */
export function readableStream<T>(channel: AsyncIterable<T> & Closable): ReadableStream<T> {
  const items = channel[Symbol.asyncIterator]();
  return new (web('ReadableStream', 'node:stream/web'))<T>(
    {
      async pull(controller) {
        const { done, value } = await items.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel(reason) {
        channel.close(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Sends each chunk as one item, with the backpressure of the channel, and ends the channel. */
export function writableStream<T>(channel: Sink<T>): WritableStream<T> {
  return new (web('WritableStream', 'node:stream/web'))<T>({
    write: (chunk) => channel.send(chunk),
    close: () => channel.end(),
    abort: (reason) => channel.close(reason ?? new Error('the stream was aborted')),
  });
}
