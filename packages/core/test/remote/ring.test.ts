import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { test } from 'uvu';
import { portOf } from '../../src/remote/port.ts';
import { Ring, Word } from '../../src/remote/ring.ts';
import { RoutedThread, WakeUps } from '../../src/remote/routed-thread.ts';
import { Code, encodeFrame } from '../../src/wire/index.ts';
import { concat } from '../wire/frames.ts';
import type { ReaderData } from './reader.thread.ts';
import { startThread } from './threads.ts';

/** Writer and reader of one ring, as two threads have them. */
function pair() {
  const block = Ring.allocate();
  return { block, writer: new Ring(block), reader: new Ring(block) };
}

/** Bytes that tell where in the stream they are. */
function numbered(from: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Math.imul(from + i, 2654435761) >>> 24;
  return bytes;
}

/** How much a ring holds. */
const capacity = pair().writer.write(new Uint8Array(2 ** 24));

test('what was written is read, once', () => {
  const { writer, reader } = pair();
  strictEqual(reader.empty, true);
  strictEqual(writer.write(Uint8Array.of(1, 2, 3)), 3);
  strictEqual(reader.empty, false);
  const target = new Uint8Array(2);
  strictEqual(reader.read(target), 2);
  deepStrictEqual([...target], [1, 2]);
  strictEqual(reader.read(target), 1);
  strictEqual(target[0], 3);
  strictEqual(reader.read(target), 0);
  strictEqual(reader.empty, true);
});

test('a full ring takes nothing more, and takes again what was read', () => {
  const { writer, reader } = pair();
  strictEqual(writer.write(numbered(0, capacity + 100)), capacity);
  strictEqual(writer.write(Uint8Array.of(1)), 0);
  reader.read(new Uint8Array(10));
  strictEqual(writer.write(numbered(capacity, 100)), 10);
  const rest = new Uint8Array(2 * capacity);
  strictEqual(reader.read(rest), capacity);
  deepStrictEqual(rest.subarray(0, capacity), numbered(10, capacity));
});

// positions run freely and wrap at 2^32, through the sign of the int32 that holds them
for (const start of [0, 2 ** 31 - 5, 2 ** 32 - 5]) {
  test(`any writes and reads keep the stream whole from position ${start} on`, () => {
    const step = fc.record({
      write: fc.boolean(),
      size: fc.oneof(fc.nat(100), fc.nat(capacity + 10)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { writer, reader } = pair();
        writer.words[Word.HEAD] = start;
        writer.words[Word.TAIL] = start;
        let written = 0;
        let read = 0;
        for (const { write, size } of steps) {
          if (write) {
            const took = writer.write(numbered(written, size));
            strictEqual(took, Math.min(size, capacity - (written - read)));
            written += took;
          } else {
            const target = new Uint8Array(size);
            const got = reader.read(target);
            strictEqual(got, Math.min(size, written - read));
            deepStrictEqual(target.subarray(0, got), numbered(read, got));
            read += got;
          }
          strictEqual(reader.empty, read === written);
        }
      }),
      { numRuns: 60 },
    );
  });
}

/** A thread as the receiver has it, and the other end of its port. */
function routed() {
  const { block, reader } = pair();
  const { port1, port2 } = new MessageChannel();
  return {
    thread: new RoutedThread(new Ring(block), new WakeUps(), { port: portOf(port1) }),
    block,
    reader,
    port: port2,
  };
}

test('what does not fit into the ring is kept, in order, and written when there is room', () => {
  const { thread, reader, port } = routed();
  const total = 3 * capacity + 1234;
  for (let at = 0; at < total; at += 5000) thread.write(numbered(at, Math.min(5000, total - at)), 0);
  strictEqual(reader.words[Word.FULL], 1);
  const parts: Uint8Array[] = [];
  while (!reader.empty) {
    const target = new Uint8Array(70_000);
    parts.push(target.slice(0, reader.read(target)));
    thread.flush();
  }
  deepStrictEqual(concat(parts), numbered(0, total));
  port.close();
});

test('bytes that the caller writes over afterwards are kept as they were', () => {
  const { thread, reader, port } = routed();
  thread.write(new Uint8Array(capacity), 0);
  const chunk = numbered(0, 1000);
  thread.write(chunk, 0);
  thread.write(chunk, 0);
  chunk.fill(0xee);
  reader.read(new Uint8Array(capacity));
  thread.flush();
  const target = new Uint8Array(2000);
  strictEqual(reader.read(target), 2000);
  deepStrictEqual(target, concat([numbered(0, 1000), numbered(0, 1000)]));
  port.close();
});

test('a thread that is not blocked is woken by one message, however much is written', async () => {
  const { thread, port } = routed();
  for (let i = 0; i < 100; i++) thread.write(Uint8Array.of(i), 0);
  const messages: unknown[] = [];
  await new Promise<void>((resolve) => {
    port.on('message', (message) => {
      messages.push(message);
      if (message === 'end') resolve();
    });
    thread.port.postMessage('end');
  });
  deepStrictEqual(messages, [0, 'end']);
  port.close();
});

/** Frames numbered from 1, of many sizes, in chunks as a connection brings them. */
function* chunksOfFrames(count: number): Generator<Uint8Array> {
  let frames: Uint8Array[] = [];
  let size = 0;
  for (let id = 1; id <= count; id++) {
    const length = id % 97 === 0 ? (id * 7919) % 60_000 : (id * 31) % 300;
    frames.push(encodeFrame(Code.CHANNEL_DATA, id, new Uint8Array(length).fill(id)));
    size += length;
    if (size < (id % 5) * 10_000) continue;
    yield concat(frames);
    frames = [];
    size = 0;
  }
  yield concat(frames);
}

for (const blocking of [true, false]) {
  test(`a thread that reads ${blocking ? 'blocked' : 'on its event loop'} gets every frame in order`, async () => {
    const frames = 20_000;
    const { thread, block, port } = routed();
    const data: ReaderData = { block, port, blocking, frames };
    const { worker, done } = startThread('reader', data, [port]);
    thread.port.listen(() => thread.flush());
    try {
      let turn = 0;
      for (const chunk of chunksOfFrames(frames)) {
        thread.write(chunk, 0);
        // pauses let the reader come to its end, where going to sleep races with being woken
        if (++turn % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      deepStrictEqual(await done, []);
    } finally {
      thread.port.close();
      await worker.terminate();
    }
  });
}

test('a thread that waits for each frame by itself misses none', async () => {
  const frames = 5_000;
  const { thread, block, port } = routed();
  const data: ReaderData = { block, port, blocking: true, frames };
  const { worker, done } = startThread('reader', data, [port]);
  const { words } = new Ring(block);
  try {
    for (let id = 1; id <= frames; id++) {
      thread.write(encodeFrame(Code.CHANNEL_DATA, id, Uint8Array.of(id)), 0);
      // the next one comes while the reader is about to go to sleep; on a busy machine it needs the processor to get there
      for (let looks = 0; ; looks++) {
        const tail = Atomics.load(words, Word.TAIL);
        if (Atomics.load(words, Word.HEAD) === tail) break;
        if ((id & 63) === 0) await new Promise(setImmediate);
        else if (looks > 50_000) Atomics.wait(words, Word.TAIL, tail, 1);
      }
    }
    deepStrictEqual(await done, []);
  } finally {
    thread.port.close();
    await worker.terminate();
  }
});

test('counts of executions and channels are seen by the receiver', () => {
  const { thread, reader, port } = routed();
  thread.begin(1);
  thread.begin(3);
  Atomics.sub(reader.words, Word.EXECUTING, 1);
  Atomics.store(reader.words, Word.CHANNELS, 5);
  strictEqual(thread.executing, 1);
  strictEqual(thread.channels, 5);
  port.close();
});

test('only a further thread is asked to end; the main thread never is', () => {
  const main = routed();
  main.thread.close();
  ok(main.reader.empty);
  main.port.close();
});

test.run();
