// Makes a gateway of Python for each scenario with the spec that it is given, says which processes there are, and stays until it is killed. With
// further arguments: for those scenarios only.
import { Group } from 'execnet';
import { PYTHON_HELD } from '../fixtures/held-scenarios.mjs';
import { PYTHON_CHILDREN } from '../fixtures/python-children.mjs';

const [, , spec = 'popen//python', ...wanted] = process.argv;

const group = new Group();
/** @type {Record<string, number[]>} */
const pids = {};
/** Channels that nobody holds are closed. @type {unknown[]} */
const held = [];
const names = Object.keys(PYTHON_HELD).filter((name) => wanted.length === 0 || wanted.includes(name));
const [idle, ...gateways] = await group.makeGateways([spec, ...names.map(() => spec)]);
pids['was never used'] = [Number(idle?.peer.pid)];
for (const [n, name] of names.entries()) {
  const { busy, on } = PYTHON_HELD[name] ?? { on: '' };
  const gateway = gateways[n];
  if (gateway === undefined) throw new Error('a gateway for each');
  if (busy !== undefined) {
    const occupying = gateway.remoteExec(`channel.send(1)\n${busy}`);
    held.push(occupying);
    await occupying.receive();
  }
  const channel = gateway.remoteExec(PYTHON_CHILDREN + on);
  held.push(channel);
  pids[name] = [gateway.peer.pid, .../** @type {number[]} */ (await channel.receive())];
}
// Jython can't
if (idle && idle.peer.runtime !== 'jython') {
  const spawned = await idle.spawn('sh', ['-c', 'trap "" HUP INT TERM; sleep 1000 & wait']);
  held.push(spawned);
  pids['has started a process'] = [idle.peer.pid, spawned.pid];
}
console.log(JSON.stringify(pids));
setInterval(() => held.length, 1000);
