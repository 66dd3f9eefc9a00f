/**
 * The execution model `worker`: each execution in a thread of its own.
 *
 * ```ts
 * import { Group, Registry } from '@execnet/core';
 * import { worker } from '@execnet/execmodel-worker';
 * import { popen } from '@execnet/transport-popen';
 *
 * await using group = new Group({ registry: new Registry([popen(), worker()]) });
 * const gateway = await group.makeGateway('popen//execmodel=worker');
 * const endless = gateway.remoteExec(() => {
 *   for (;;);
 * });
 * // ends its thread; the gateway goes on
 * endless.close();
 * console.log(await gateway.call(() => 6 * 7)); // → 42
 * ```
 *
 * @packageDocumentation
 */
export { worker } from './model.ts';
