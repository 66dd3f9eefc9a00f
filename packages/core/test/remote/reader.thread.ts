import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Output } from '../../src/remote/output.ts';
import { portOf } from '../../src/remote/port.ts';
import { Ring } from '../../src/remote/ring.ts';
import { ThreadPort } from '../../src/remote/thread-port.ts';
import { FrameDecoder } from '../../src/wire/index.ts';

/** What a reading thread is told, and what it answers. */
export interface ReaderData {
  readonly block: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Waits for each piece with the thread blocked; otherwise on its event loop. */
  readonly blocking: boolean;
  /** How many frames to read. */
  readonly frames: number;
}

/** The channel ids of the frames are 1, 2, 3, …; every byte of a payload is the id. */
const { block, port, blocking, frames } = workerData as ReaderData;

let read = 0;
const faults: string[] = [];
const threadPort = new ThreadPort(new Ring(block), undefined as unknown as Output, portOf(port), {
  interrupted: () => undefined,
  alone: () => true,
});
threadPort.start(
  new FrameDecoder((_code, id, payload) => {
    read++;
    if (id !== read) faults.push(`frame ${id} came as number ${read}`);
    const wrong = payload.findIndex((byte) => byte !== (id & 0xff));
    if (wrong >= 0) faults.push(`byte ${wrong} of frame ${id} is ${payload[wrong]}`);
    if (read === frames) {
      parentPort?.postMessage(faults.slice(0, 10));
      port.close();
    }
  }),
);
if (blocking) while (read < frames) threadPort.block(Number.POSITIVE_INFINITY);
