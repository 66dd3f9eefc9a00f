// Makes a gateway of Python, one through it with each spec that follows, and through each of those one of JavaScript; code that computes runs in all,
// and has children in those at the ends. Says which processes there are, and stays until it is killed. Arguments: a spec of Python, more specs.
import { Group } from 'execnet';
import { runningInterpreter } from '../../../../tools/lib/interpreters.mjs';
import { CHILDREN } from '../fixtures/children.mjs';
import { PYTHON_CHILDREN } from '../fixtures/python-children.mjs';

const [, , outer = 'popen//python', ...inner] = process.argv;

const { kind, path } = runningInterpreter();

const group = new Group();
const gateways = [await group.makeGateway(`${outer}//id=outer`)];
for (const [n, spec] of inner.entries()) {
  gateways.push(await group.makeGateway(`${spec}//id=inner${n}//via=outer`));
  gateways.push(await group.makeGateway(`popen//${kind}=${path}//id=leaf${n}//via=inner${n}//stdio=ignore`));
}
const channels = gateways.map((gateway) =>
  gateway.remoteExec(
    gateway.peer.runtime === kind ? `${CHILDREN} for (;;);` : `${PYTHON_CHILDREN}while True: pass`,
  ),
);
const children = await Promise.all(channels.map((channel) => channel.receive()));
console.log(JSON.stringify([...gateways.map(({ peer }) => peer.pid), ...children.flat()]));
setInterval(() => channels.length, 1000);
