/**
 * The far side of a raw stream of bytes, blocking, for round after round. Arguments: `in` or `out`, how many blocks a round, their size. Bytes
 * that it writes and reads between the rounds mean the same as those of `framed-child.mjs`.
 */
import fs from 'node:fs';

const FD = 3;
const [, , direction, count, size] = process.argv;
const block = Buffer.alloc(Number(size));
const wake = Buffer.alloc(1);

fs.writeSync(FD, '.');
for (;;) {
  if (direction === 'in') {
    let left = Number(count) * block.length;
    while (left > 0) {
      const read = fs.readSync(FD, block);
      if (read === 0) process.exit();
      left -= read;
    }
    fs.writeSync(FD, '.');
  } else {
    if (fs.readSync(FD, wake) === 0) process.exit();
    for (let i = 0; i < Number(count); i++)
      for (let at = 0; at < block.length; ) at += fs.writeSync(FD, block, at);
  }
}
