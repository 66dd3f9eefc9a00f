/**
 * Whether channels and groups are collected that a program has finished with, while their gateway lives on. Prints one line of JSON: which were not.
 *
 * Argument: the spec of the gateway.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Group, makeGateway } from 'execnet';

/** A full collection, on every runtime without a flag on its command line. */
function collector() {
  if (globalThis.Bun) return () => globalThis.Bun.gc(true);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

const gc = collector();
const spec = process.argv[2];
const gateway = await makeGateway(spec);
const living = new Group();

const SENDS = 'await channel.send(1); await channel.send(2);';
const WAITS = 'await channel.send(1); await channel.receive();';

class Job {
  start() {
    this.channel = gateway.remoteExec(SENDS);
    return this.channel;
  }
}

/** Each comes to its end in another way, in a frame that is called on the channel, or on what holds it. */
const ways = {
  async iterated() {
    const channel = gateway.remoteExec(SENDS);
    for await (const item of channel) if (item === 0) break;
    return channel;
  },
  async received() {
    const channel = gateway.remoteExec(SENDS);
    while (await channel.receive().catch(() => 0));
    return channel;
  },
  async failed() {
    const channel = gateway.remoteExec('throw new Error("as wanted")');
    await channel.waitClose().catch(() => {});
    return channel;
  },
  async cancelled() {
    const channel = gateway.remoteExec(WAITS);
    await channel.receive();
    channel.cancel();
    await channel.waitClose().catch(() => {});
    return channel;
  },
  async disposed() {
    const channel = gateway.remoteExec(WAITS);
    await channel.receive();
    await channel[Symbol.asyncDispose]();
    return channel;
  },
  async closed() {
    const channel = gateway.remoteExec(WAITS);
    await channel.receive();
    channel.close();
    await channel.receive().catch(() => {});
    await channel.waitClose();
    return channel;
  },
  async ended() {
    const channel = gateway.remoteExec('for await (const item of channel) await channel.send(item);');
    await channel.send(1);
    await channel.end();
    for await (const item of channel) if (item === 0) break;
    await channel.send(1).catch(() => {});
    return channel;
  },
  async ofAnObject() {
    const channel = new Job().start();
    for await (const item of channel) if (item === 0) break;
    await channel.waitClose();
    return channel;
  },
  async ofALivingGroup() {
    const own = await living.makeGateway(spec);
    await own.call(() => 1);
    await own.terminate();
    return own;
  },
  async ofAGroup() {
    const group = new Group();
    const own = await group.makeGateway(spec);
    await own.call(() => 1);
    await group.terminate();
    return group;
  },
};

// Deno itself keeps a child process that had pipes, and what listens to it
if (globalThis.Deno) Reflect.deleteProperty(ways, 'ofALivingGroup');

/** A weak reference, as whoever awaits a promise holds its result. */
async function weakly(way) {
  return new WeakRef(await way());
}

const held = new Map();
for (const [name, way] of Object.entries(ways)) held.set(name, await weakly(way));
for (let round = 0; round < 50 && held.size > 0; round++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  gc();
  await gateway.remoteStatus();
  for (const [name, ref] of held) if (ref.deref() === undefined) held.delete(name);
}
console.log(JSON.stringify([...held.keys()]));
await gateway.terminate();
