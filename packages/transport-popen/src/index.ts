/**
 * The transport `popen`: an interpreter beside the program.
 *
 * ```ts
 * import { Group, Registry } from '@execnet/core';
 * import { thread } from '@execnet/execmodel-thread';
 * import { popen } from '@execnet/transport-popen';
 *
 * await using group = new Group({ registry: new Registry([popen(), thread()]) });
 * const gateway = await group.makeGateway('popen//chdir=/tmp//nice=5//env:LANG=C');
 * console.log(await gateway.call(() => process.cwd()));
 * ```
 *
 * @packageDocumentation
 */
export { popen } from './popen.ts';
