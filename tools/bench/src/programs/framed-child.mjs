/**
 * The far side of the naive framed loop, for round after round. Arguments: `in` or `out`, how many messages a round, `number` or `record`. The
 * first byte that it writes says that it runs; then each byte that arrives asks for a round of `out`, each that it writes ends a round of `in`.
 */
import { Socket } from 'node:net';
import { receiveFramed, sendFramed } from './framed.mjs';

const [, , direction, count, kind] = process.argv;
const socket = new Socket({ fd: 3 });
const record = { id: 1, name: 'item', ok: true };

socket.write('.');
if (direction === 'in') {
  for (;;) {
    await receiveFramed(socket, Number(count));
    socket.write('.');
  }
} else {
  socket.on('data', () => void sendFramed(socket, Number(count), (i) => (kind === 'record' ? record : i)));
}
