import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import { Board, BoardWord } from '../../src/remote/board.ts';
import { Output, RECEIVER_SLOT } from '../../src/remote/output.ts';
import type { RawIo } from '../../src/remote/raw-io.ts';
import { Code, encodeFrame, int32Payload, readInt32 } from '../../src/wire/index.ts';
import { concat, decode } from '../wire/frames.ts';
import { startThread } from './threads.ts';
import type { WriterData } from './writer.thread.ts';

/** The outputs of the receiver and of thread 0, on one board, and what they write. */
function fixture(write: RawIo['write'] = () => {}) {
  const board = new Board();
  const written: Uint8Array[] = [];
  const io: RawIo = {
    read: () => 0,
    start: () => {},
    write(batch, body) {
      written.push(batch.slice());
      if (body) written.push(body.slice());
      write(batch, body);
    },
  };
  return {
    board,
    written,
    receiver: new Output(board, io, RECEIVER_SLOT),
    thread: new Output(board, io, 0),
    ids: () => decode([concat(written)]).map(({ id }) => id),
  };
}

const pong = (id: number): Uint8Array => encodeFrame(Code.PONG, id);

/** Takes the write lock as the thread in `slot` would. */
const takeLock = ({ words }: Board, slot: number): number => Atomics.store(words, BoardWord.LOCK, slot + 1);
const letGo = ({ words }: Board): number => Atomics.store(words, BoardWord.LOCK, 0);

test('a batch is written with its body behind it', () => {
  const { thread, written } = fixture();
  thread.write(Uint8Array.of(1), Uint8Array.of(2, 3));
  deepStrictEqual([...concat(written)], [1, 2, 3]);
});

test('what the receiver posts is written at once while nobody writes', () => {
  const { receiver, ids, board } = fixture();
  strictEqual(receiver.post(pong(1)), true);
  deepStrictEqual(ids(), [1]);
  strictEqual(board.words[BoardWord.LOCK], 0);
});

test('what the receiver posts while a thread writes is written by that thread', () => {
  const { receiver, thread, board, ids } = fixture();
  takeLock(board, 3);
  strictEqual(receiver.post(pong(1)), true);
  strictEqual(receiver.post(pong(2)), true);
  deepStrictEqual(ids(), []);
  letGo(board);
  thread.write(pong(3));
  deepStrictEqual(ids(), [3, 1, 2]);
});

test('what the receiver posts next comes behind what it had to leave', () => {
  const { receiver, board, ids } = fixture();
  takeLock(board, 3);
  receiver.post(pong(1));
  letGo(board);
  receiver.post(pong(2));
  deepStrictEqual(ids(), [1, 2]);
});

test('what the receiver leaves during the last write of a thread is not forgotten', () => {
  let late: (() => void) | undefined;
  const { receiver, thread, ids } = fixture(() => {
    late?.();
    late = undefined;
  });
  late = () => receiver.post(pong(7));
  thread.write(pong(1));
  deepStrictEqual(ids(), [1, 7]);
});

test('the outbox is bounded: what does not fit is refused whole, and taken when there is room', () => {
  const { receiver, thread, board, ids } = fixture();
  takeLock(board, 3);
  let taken = 0;
  while (receiver.post(pong(taken + 1))) taken++;
  ok(taken * pong(0).length > 8192 && taken * pong(0).length <= 65536, String(taken));
  strictEqual(receiver.post(pong(taken + 1)), false);
  letGo(board);
  thread.write(pong(0));
  strictEqual(receiver.post(pong(taken + 1)), true);
  deepStrictEqual(
    ids(),
    Array.from({ length: taken + 2 }, (_, id) => id),
  );
});

test('a write that fails lets go of the lock', () => {
  const { thread, board } = fixture(() => {
    throw new Error('gone');
  });
  let message = '';
  try {
    thread.write(pong(1));
  } catch (error) {
    message = (error as Error).message;
  }
  strictEqual(message, 'gone');
  strictEqual(board.words[BoardWord.LOCK], 0);
  strictEqual(board.words[BoardWord.WRITING], 0);
});

test('a thread that died outside of a write leaves a connection that can be used', () => {
  const { receiver, board, ids } = fixture();
  strictEqual(receiver.release(3), false);
  takeLock(board, 3);
  strictEqual(receiver.release(4), false);
  strictEqual(board.words[BoardWord.LOCK], 4);
  strictEqual(receiver.release(3), false);
  receiver.post(pong(1));
  deepStrictEqual(ids(), [1]);
});

test('a thread that died inside a write may have cut a frame, and is told so', () => {
  const { receiver, board } = fixture();
  takeLock(board, 3);
  Atomics.store(board.words, BoardWord.WRITING, 1);
  strictEqual(receiver.release(3), true);
  strictEqual(board.words[BoardWord.LOCK], 0);
});

test('a thread that died while it emptied the outbox does not stop the receiver', () => {
  const { receiver, board, ids } = fixture();
  takeLock(board, 3);
  receiver.post(pong(1));
  Atomics.store(board.words, BoardWord.WRITING, 1);
  Atomics.store(board.words, BoardWord.OUTBOX_LOCK, 1);
  strictEqual(receiver.release(3), true);
  receiver.post(pong(2));
  deepStrictEqual(ids(), [1, 2]);
});

test('frames of several threads and of the receiver arrive whole, and those of each in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  const file = join(folder, 'frames');
  const fd = openSync(file, 'a');
  const frames = 3000;
  const board = new Board();
  const io: RawIo = { read: () => 0, start: () => {}, write: (batch) => writeSync(fd, batch) };
  const receiver = new Output(board, io, RECEIVER_SLOT);
  const threads = [0, 1].map((slot) =>
    startThread('writer', { board: board.shared, slot, file, frames } satisfies WriterData),
  );
  try {
    let running = threads.length;
    for (const { done } of threads) {
      void done.finally(() => {
        running--;
      });
    }
    let posted = 0;
    while (running > 0 || posted === 0) {
      if (receiver.post(encodeFrame(Code.PONG, 0, int32Payload(posted)))) posted++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(threads.map(({ done }) => done));
    const seen = decode([readFileSync(file)]);
    const pongs = seen.filter(({ code }) => code === Code.PONG).map(({ payload }) => readInt32(payload, 0));
    deepStrictEqual(
      pongs,
      Array.from({ length: posted }, (_, n) => n),
    );
    for (const slot of [0, 1]) {
      const own = seen.filter(({ code, payload, id }) => {
        if (code !== Code.CHANNEL_DATA || Math.floor(id / 1_000_000) !== slot) return false;
        ok(payload.every((byte) => byte === slot));
        return true;
      });
      deepStrictEqual(
        own.map(({ id }) => id),
        Array.from({ length: frames }, (_, n) => slot * 1_000_000 + n),
      );
    }
  } finally {
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

test.run();
