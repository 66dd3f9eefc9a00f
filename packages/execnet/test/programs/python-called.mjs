// Makes a gateway of Python, uses it, says the process id of its remote end, and ends by itself with the gateway open. Argument: a spec.
import { makeGateway } from 'execnet';

const gateway = await makeGateway(process.argv[2]);
if ((await gateway.call('len', ['abc'])) !== 3) throw new Error('not 3');
console.log(JSON.stringify([gateway.peer.pid]));
