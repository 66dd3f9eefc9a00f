/**
 * The execution models `thread` and `main_thread_only`: code that blocks.
 *
 * ```ts
 * import { Group, Registry } from '@execnet/core';
 * import { thread } from '@execnet/execmodel-thread';
 * import { popen } from '@execnet/transport-popen';
 *
 * await using group = new Group({ registry: new Registry([popen(), thread()]) });
 * const gateway = await group.makeGateway('popen');
 * const channel = gateway.remoteExec((channel) => channel.sendSync(channel.receiveSync()));
 * await channel.send('back and forth');
 * console.log(await channel.receive());
 * ```
 *
 * @packageDocumentation
 */
export { mainThreadOnly, thread } from './models.ts';
