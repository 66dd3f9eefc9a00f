// Makes a gateway for each scenario with the spec that it is given, says which processes there are, and stays until it is killed.
import { Group } from 'execnet';
import { CHILDREN } from '../fixtures/children.mjs';

const [, , spec = 'popen'] = process.argv;

/** How remote code goes on, on the main thread and, with `busy`, on a pool thread. @type {Record<string, { busy?: string, on: string }>} */
const SCENARIOS = {
  'blocks on the main thread': { on: 'channel.receiveSync()' },
  'blocks and goes on waiting': {
    on: 'for (;;) { try { channel.receiveSync() } catch { await new Promise((resolve) => setTimeout(resolve, 100)) } }',
  },
  'waits for ever': { on: 'setInterval(() => {}, 1000); await new Promise(() => {})' },
  'sends what nobody reads': { on: 'for (;;) channel.sendSync("x".repeat(10000))' },
  'fails when the connection is lost': {
    on: 'setTimeout(async () => { await channel.receive() }, 1); await new Promise(() => {})',
  },
  'exits when the connection is lost': { on: 'try { channel.receiveSync() } finally { process.exit(0) }' },
  'exits so on a pool thread': {
    busy: 'await channel.receive()',
    on: 'try { channel.receiveSync() } finally { process.exit(0) }',
  },
  'has nothing to do any more': { on: '' },
  // last, because they take the time of those that start
  'spins on a pool thread': { busy: 'await channel.receive()', on: 'for (;;);' },
  'spins on both': { busy: 'for (;;);', on: 'for (;;);' },
};

const group = new Group();
/** @type {Record<string, number[]>} */
const pids = {};
/** Channels that nobody holds are closed. @type {unknown[]} */
const held = [];
const idle = await group.makeGateway(spec);
pids['was never used'] = [idle.peer.pid];
for (const [name, { busy, on }] of Object.entries(SCENARIOS)) {
  const gateway = await group.makeGateway(spec);
  if (busy !== undefined) {
    const occupying = gateway.remoteExec(`channel.sendSync(1); ${busy}`);
    held.push(occupying);
    await occupying.receive();
  }
  const channel = gateway.remoteExec(CHILDREN + on);
  held.push(channel);
  pids[name] = [gateway.peer.pid, .../** @type {number[]} */ (await channel.receive())];
}
console.log(JSON.stringify(pids));
setInterval(() => held.length, 1000);
