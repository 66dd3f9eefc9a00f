// Makes a gateway, one through it and one through that, says which processes there are with two child processes at the end of the chain, and stays
// until it is killed; with a third argument it ends by itself, and remote code writes to that file.
import { Group, makeGateway } from 'execnet';
import { CHILDREN } from '../fixtures/children.mjs';

const [, , outer = 'popen', inner = 'popen', file] = process.argv;

if (file === undefined) {
  const group = new Group();
  const gateways = [await group.makeGateway(`${outer}//id=a`)];
  gateways.push(await group.makeGateway(`${inner}//id=b//via=a`));
  gateways.push(await group.makeGateway(`${inner}//id=c//via=b`));
  const channels = gateways.map((gateway) => gateway.remoteExec(`${CHILDREN} for (;;);`));
  const [first = [], , last = []] = /** @type {number[][]} */ (
    await Promise.all(channels.map((channel) => channel.receive()))
  );
  console.log(JSON.stringify([...gateways.map(({ peer }) => peer.pid), ...first, ...last]));
  setInterval(() => channels.length, 1000);
} else {
  const gateways = [await makeGateway(`${outer}//id=a`), await makeGateway(`${inner}//id=b//via=a`)];
  const [, leaf] = gateways;
  const channel = leaf?.remoteExec(
    `channel.sendSync(0); try { channel.receiveSync() } finally { require('node:fs').writeFileSync(args, 'done') }`,
    file,
  );
  await channel?.receive();
  console.log(JSON.stringify(gateways.map(({ peer }) => peer.pid)));
}
