// Makes gateways of the specs given, each through the one before, and sends items of 5 MB without end to code at the last one that takes them one by one, and writes
// `done` to a file at its end. Says the process ids of the remote ends once items arrive. Arguments: the file, specs.
import { Group } from 'execnet';
import { flood } from '../fixtures/flood.mjs';

const [, , file, ...specs] = process.argv;

const group = new Group();
const pids = [];
let last;
for (const [n, spec] of specs.entries()) {
  last = await group.makeGateway(`${spec}//id=g${n}${n > 0 ? `//via=g${n - 1}` : ''}`);
  pids.push(last.peer.pid);
}
if (last === undefined) throw new TypeError('no spec');
const { sending } = await flood(last, file);
console.log(JSON.stringify(pids));
await sending;
