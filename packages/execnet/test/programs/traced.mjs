// Does a little of everything, for the trace of it.
import { makeGateway } from 'execnet';

const gateway = await makeGateway('popen//env:EXECNET_TEST_SECRET=not-for-the-trace');
await gateway.call((value) => value, 'a value');
await gateway.remoteStatus();
await gateway.terminate();
console.log(JSON.stringify({ pid: process.pid }));
