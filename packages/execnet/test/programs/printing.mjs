// Has its remote end print in every way there is, and prints nothing itself.
import { makeGateway } from 'execnet';

const [, , spec = 'popen', code = ''] = process.argv;
const gateway = await makeGateway(spec);
const onMainThread = gateway.remoteExec(code, 'main');
await onMainThread.receive();
const onPoolThread = gateway.remoteExec(code, 'pool');
await onPoolThread.receive();
await gateway.terminate({ timeout: 0 });
