/**
 * A local end with one gateway whose code has a child and a grandchild, and never lets go of its thread. Prints their pids and that of the remote end as one line of
 * JSON, and goes on. Argument: a spec.
 */
import { makeGateway } from 'execnet';
import { NEVER_YIELDS } from '../fixtures/busy.mjs';
import { CHILDREN } from '../fixtures/children.mjs';

const gateway = await makeGateway(process.argv[2]);
const channel = gateway.remoteExec(`${CHILDREN} ${NEVER_YIELDS}`);
console.log(JSON.stringify([gateway.peer.pid, ...(await channel.receive())]));
await channel.waitClose();
