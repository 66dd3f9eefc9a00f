/**
 * What becomes of channels that a program drops while they are open. Prints one line of JSON: what was seen in each case.
 *
 * Argument: the spec of the gateway.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeGateway } from 'execnet';

/** A full collection, on every runtime without a flag on its command line. */
function collector() {
  if (globalThis.Bun) return () => globalThis.Bun.gc(true);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

const gc = collector();
const gateway = await makeGateway(process.argv[2]);
const warnings = [];
process.on('warning', ({ name, message }) =>
  warnings.push(
    `${name}: ${message
      .split('\n')[0]
      .replace(/channel \d+/, 'channel N')
      .replace(/popen:\d+/, 'popen:N')}`,
  ),
);

/**
 * Collects until `promise` settles: a collector may leave something for the next round.
 *
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
async function collecting(promise) {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  while (!settled) {
    gc();
    await gateway.remoteStatus();
  }
  return promise;
}

/** Runs something and leaves nothing of it on the stack. */
async function apart(run) {
  await run();
  await new Promise((resolve) => setImmediate(resolve));
}

const seen = {};

{
  const log = gateway.newChannel();
  await apart(async () => {
    const channel = gateway.remoteExec(async (channel, log) => {
      await log.send('started');
      const outcome = await channel.waitClose().then(
        () => 'closed',
        (error) => error.name,
      );
      const sending = await channel.send(1).catch((error) => error.name);
      await log.send(`${outcome}, ${sending}, cancelled: ${channel.signal.aborted}`);
      await log.send(`goes on with ${String(await log.receive())}`);
    }, log);
    await log.receive();
    if (channel.isClosed) throw new Error('closed too early');
  });
  const first = await collecting(log.receive());
  await log.send('its work');
  seen.awaiting = [first, await log.receive()];
  log.close();
}

{
  const log = gateway.newChannel();
  await apart(async () => {
    gateway.remoteExec((channel, log) => {
      log.sendSync('started');
      try {
        channel.receiveSync();
      } catch (error) {
        log.sendSync(`${error.name}, cancelled: ${channel.signal.aborted}`);
      }
      log.sendSync(`goes on with ${String(log.receiveSync())}`);
    }, log);
    await log.receive();
  });
  const first = await collecting(log.receive());
  await log.send('its work');
  seen.blocking = [first, await log.receive()];
  log.close();
}

{
  const log = gateway.newChannel();
  await apart(() => {
    gateway.remoteExec((channel, log) => {
      for (let item = 0; item < 3; item++) void channel.send(item);
      log.sendSync(`ran, cancelled: ${channel.signal.aborted}`);
    }, log);
  });
  gc();
  seen.forgotten = [await log.receive()];
  log.close();
}

{
  const log = gateway.newChannel();
  const items = [];
  let ended;
  const end = new Promise((resolve) => {
    ended = resolve;
  });
  await apart(async () => {
    const channel = gateway.remoteExec(async (channel, log) => {
      await log.send('started');
      const go = await log.receive();
      for (let item = 0; item < 3; item++) await channel.send(item);
      await log.send(go);
    }, log);
    channel.setCallback(
      (item) => {
        items.push(item);
        if (item === 'end') ended();
      },
      { endMarker: 'end' },
    );
    await log.receive();
  });
  for (let round = 0; round < 20; round++) {
    gc();
    await gateway.remoteStatus();
  }
  await log.send('all sent');
  await end;
  seen.callback = [items, await log.receive()];
  log.close();
}

{
  const log = gateway.newChannel();
  /** @type {Promise<unknown> | undefined} */
  let received;
  await apart(async () => {
    const channel = gateway.remoteExec(async (channel, log) => {
      await log.send('started');
      await channel.send(await log.receive());
    }, log);
    await log.receive();
    received = channel.receive();
  });
  for (let round = 0; round < 20; round++) {
    gc();
    await gateway.remoteStatus();
  }
  await log.send('waited for');
  seen.waiting = [await received];
  log.close();
}

{
  const log = gateway.newChannel();
  await apart(async () => {
    gateway.remoteExec(async (channel, log) => {
      await log.send('started');
      await channel.waitClose();
      await log.send('dropped');
      throw new RangeError('unheard');
    }, log);
    await log.receive();
  });
  const first = await collecting(log.receive());
  while (warnings.length === 0) await gateway.remoteStatus();
  seen.later = [first, ...warnings.splice(0)];
  log.close();
}

{
  await apart(async () => {
    const log = gateway.newChannel();
    gateway.remoteExec(async (_, log) => {
      await log.send('failing');
      throw new RangeError('unheard');
    }, log);
    await log.receive();
    log.close();
  });
  const deadline = Date.now() + 10_000;
  while (warnings.length === 0 && Date.now() < deadline) {
    gc();
    await gateway.remoteStatus();
  }
  seen.unheard = warnings.splice(0);
}

{
  const given = gateway.newChannel();
  await gateway
    .remoteExec(async (_, given) => {
      await given.send('has it');
    }, given)
    .waitClose();
  seen.remote = [await given.receive()];
  const collectThere = async () => {
    if (globalThis.Bun) globalThis.Bun.gc(true);
    else {
      const { setFlagsFromString } = require('node:v8');
      setFlagsFromString('--expose-gc');
      require('node:vm').runInNewContext('gc')();
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const deadline = Date.now() + 10_000;
  while (!given.isClosed && Date.now() < deadline) await gateway.call(collectThere);
  seen.remote.push(given.isClosed ? 'closed' : 'open');
}

console.log(JSON.stringify(seen));
await gateway.terminate();
