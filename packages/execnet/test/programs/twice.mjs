// Uses a gateway of each spec given while all that is told of processes, sockets and ssh comes twice, and late; says what was seen of each.
import '../fixtures/twice.mjs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { Group } from 'execnet';

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

/** @param {import('execnet').Gateway} gateway */
async function use(gateway) {
  const child = await gateway.spawn('cat');
  child.stdin.end('from a process');
  const [said, exit] = await Promise.all([text(child.stdout), child.exited]);
  const stream = await gateway.connect({ host: '127.0.0.1', port });
  stream.end('from a port');
  const refused = await gateway.connect({ host: '127.0.0.1', port: 1 }).catch((error) => error.code);
  const missing = await gateway.spawn('no-such-program').catch((error) => error.code);
  return [await gateway.call(() => 42), said, exit.code, await text(stream), refused, missing];
}

/** @type {unknown[]} */
const seen = [];
for (const spec of process.argv.slice(2)) {
  const group = new Group();
  const [ended, killed] = await group.makeGateways([`${spec}//id=outer`, spec]);
  if (!ended || !killed) throw new Error('there are two');
  const inner = await group.makeGateway(
    `${spec.replace(/^ssh=.*\/\/(?=(?:node|bun|deno)=)/, 'popen//')}//via=outer`,
  );
  seen.push(await Promise.all([ended, killed, inner].map(use)));
  const lost = killed.remoteExec('for await (const item of channel);');
  process.kill(killed.peer.pid, 'SIGKILL');
  seen.push(await lost.waitClose().catch((error) => error.code));
  await group.terminate();
}
server.close();
await after(100);
console.log(JSON.stringify(seen));
