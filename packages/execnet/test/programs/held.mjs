// Makes a gateway for each scenario with the spec that it is given (`SPEC through SPEC`: through another one), says which processes there are, and stays until it is killed. With
// further arguments: for those scenarios only.
import { Group } from 'execnet';
import { CHILDREN } from '../fixtures/children.mjs';
import { HELD } from '../fixtures/held-scenarios.mjs';
import { specThrough } from '../fixtures/through.mjs';

const [, , specs = 'popen', ...wanted] = process.argv;

const group = new Group();
const spec = await specThrough(group, specs);
/** @type {Record<string, number[]>} */
const pids = {};
/** Channels that nobody holds are closed. @type {unknown[]} */
const held = [];
const idle = await group.makeGateway(spec);
pids['was never used'] = [idle.peer.pid];
for (const [name, { busy, on }] of Object.entries(HELD)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
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
const spawned = await idle.spawn('sh', ['-c', 'trap "" HUP INT TERM; sleep 1000 & wait']);
held.push(spawned);
pids['has started a process'] = [idle.peer.pid, spawned.pid];
console.log(JSON.stringify(pids));
setInterval(() => held.length, 1000);
