/**
 * The transport `ssh`: an interpreter on another machine, over ssh, with nothing installed there but itself.
 *
 * ```ts no-run: it needs a machine that lets you in
 * import { Group, Registry } from '@execnet/core';
 * import { thread } from '@execnet/execmodel-thread';
 * import { ssh } from '@execnet/transport-ssh';
 *
 * await using group = new Group({ registry: new Registry([ssh(), thread()]) });
 * const gateway = await group.makeGateway('ssh=me@wyvern//chdir=work//node=/opt/node/bin/node');
 * console.log(await gateway.call(() => process.version));
 * ```
 *
 * @packageDocumentation
 */
export type { Login, Prompt, SshOptions } from './options.ts';
export { ssh } from './ssh.ts';
