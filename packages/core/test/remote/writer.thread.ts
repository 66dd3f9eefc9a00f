import { closeSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Board } from '../../src/remote/board.ts';
import { Output } from '../../src/remote/output.ts';
import { Code, FrameWriter } from '../../src/wire/index.ts';

/** What a writing thread is told. */
export interface WriterData {
  readonly board: SharedArrayBuffer;
  readonly slot: number;
  /** Appended to. */
  readonly file: string;
  readonly frames: number;
}

const { board, slot, file, frames } = workerData as WriterData;

// Deno knows a descriptor only in the thread that opened it
const fd = openSync(file, 'a');

/** As little at a time as a full pipe may take, so that whoever does not respect the lock is seen. */
const PIECE = 700;

function append(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE)
    writeSync(fd, bytes, at, Math.min(PIECE, bytes.length - at));
}

const output = new Output(
  new Board(board),
  {
    read: () => 0,
    start: () => {},
    write: (batch, body) => {
      append(batch);
      if (body) append(body);
    },
  },
  slot,
);

const writer = new FrameWriter(
  (batch, body) => output.write(batch, body),
  () => {},
  { reuse: true },
);
for (let i = 0; i < frames; i++) {
  const size = i % 50 === 0 ? 20_000 : i % 40;
  writer.write(Code.CHANNEL_DATA, slot * 1_000_000 + i, new Uint8Array(size).fill(slot));
  if (i % 3 === 0) writer.flush();
}
writer.flush();
closeSync(fd);
parentPort?.postMessage('written');
