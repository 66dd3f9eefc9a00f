import net from 'node:net';

/**
 * A port on which nobody listens now. Another program may take it before the caller does: be ready to try again.
 *
 * @param {string} address
 * @returns {Promise<number>}
 */
export async function freePort(address) {
  const server = net.createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, () => resolve(undefined));
  });
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param {number} port @returns {Promise<boolean>} */
function isRefused(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

/**
 * A port of 127.0.0.1 that refuses connections, and goes on doing so: it is below those that a system gives to
 * programs that ask for any.
 *
 * @returns {Promise<number>}
 */
export async function refusedPort() {
  for (let port = 1; port < 20; port += 1) if (await isRefused(port)) return port;
  throw new Error('somebody listens on every low port of this machine');
}

/**
 * A server on loopback that accepts connections and never says anything.
 *
 * @returns {Promise<AsyncDisposable & { address: string, port: number, connections: () => number, stop: () => Promise<void> }>}
 */
export async function silentServer() {
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    // What the client sends is read, so that its end is seen.
    socket.resume();
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  const address = '127.0.0.1';
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, () => resolve(undefined));
  });
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  /** @type {Promise<void> | undefined} */
  let stopped;
  const stop = () => {
    stopped ??= new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
    return stopped;
  };
  return { address, port, connections: () => sockets.size, stop, [Symbol.asyncDispose]: stop };
}
