/**
 * The least that can answer on a socketpair. `onread`: the event loop reads into one buffer, the answer is written directly. `blocking`: reads
 * and writes without an event loop, which nothing that has to react to anything else can do.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';

const FD = 3;
const buffer = Buffer.alloc(65536);

if (process.argv[2] === 'blocking') {
  for (let size = fs.readSync(FD, buffer); size > 0; size = fs.readSync(FD, buffer))
    fs.writeSync(FD, buffer, 0, size);
} else {
  const socket = new Socket({
    fd: FD,
    readable: true,
    writable: false,
    onread: {
      buffer,
      callback(size) {
        fs.writeSync(FD, buffer, 0, size);
        return true;
      },
    },
  });
  socket.read(0);
}
