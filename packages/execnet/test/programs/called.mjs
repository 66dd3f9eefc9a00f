// Makes a gateway, uses it, says the process id of its remote end, and ends by itself with the gateway open. Arguments: a spec, and how many bytes
// to send and to get back.
import { makeGateway } from 'execnet';

const [, , spec, size = '0'] = process.argv;
const gateway = await makeGateway(spec);
const channel = gateway.remoteExec(
  'await channel.send(await channel.receive()); channel.sendSync(process.pid)',
);
await channel.send(new Uint8Array(Number(size)));
const { length } = /** @type {Uint8Array} */ (await channel.receive());
if (length !== Number(size)) throw new Error(`${length} bytes came back`);
console.log(JSON.stringify([await channel.receive()]));
