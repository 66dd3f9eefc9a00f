/**
 * A naive framed loop: msgpackr, a length before each message, batches of 64 KiB, the stream's own backpressure. What one writes in an
 * afternoon: no channels, no flow control of their own, no check of what is sent.
 */
import { once } from 'node:events';
import { Packr } from 'msgpackr';

const BATCH = 65536;

/**
 * @param {import('node:net').Socket} socket
 * @param {number} count
 * @param {(i: number) => unknown} make
 */
export async function sendFramed(socket, count, make) {
  const packr = new Packr();
  let batch = Buffer.allocUnsafe(BATCH);
  let fill = 0;
  for (let i = 0; i < count; i++) {
    const body = packr.pack(make(i));
    if (fill + 4 + body.length > BATCH) {
      if (!socket.write(batch.subarray(0, fill))) await once(socket, 'drain');
      batch = Buffer.allocUnsafe(BATCH);
      fill = 0;
    }
    batch.writeUInt32BE(body.length, fill);
    batch.set(body, fill + 4);
    fill += 4 + body.length;
  }
  socket.write(batch.subarray(0, fill));
}

/**
 * Resolves when `count` messages were decoded.
 *
 * @param {import('node:net').Socket} socket
 * @param {number} count
 * @returns {Promise<void>}
 */
export function receiveFramed(socket, count) {
  const packr = new Packr();
  /** @type {Buffer} */
  let rest = Buffer.alloc(0);
  return new Promise((resolve) => {
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let at = 0;
      while (bytes.length - at >= 4) {
        const end = at + 4 + bytes.readUInt32BE(at);
        if (end > bytes.length) break;
        packr.unpack(bytes.subarray(at + 4, end));
        at = end;
        count--;
      }
      rest = bytes.subarray(at);
      if (count > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
}
