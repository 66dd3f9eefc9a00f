/**
 * A local end with one gateway whose code has a child and a grandchild, and spins. Prints their pids and that of the remote end as one line of
 * JSON, and goes on. Argument: a spec.
 */
import { makeGateway } from 'execnet';

const gateway = await makeGateway(process.argv[2]);
const channel = gateway.remoteExec(`
  const { spawn } = require('node:child_process');
  const child = spawn('sh', ['-c', 'trap "" HUP INT TERM; sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const grandchild = Number(String(await new Promise((resolve) => child.stdout.once('data', resolve))));
  channel.sendSync([child.pid, grandchild]);
  for (;;);
`);
console.log(JSON.stringify([gateway.peer.pid, ...(await channel.receive())]));
await channel.waitClose();
