/**
 * The execution model `structured`: executions are tasks that take what they have started down with them.
 *
 * ```ts
 * import { Group, Registry } from '@execnet/core';
 * import { type Effection, structured } from '@execnet/execmodel-structured';
 * import { popen } from '@execnet/transport-popen';
 *
 * await using group = new Group({ registry: new Registry([popen(), structured()]) });
 * const gateway = await group.makeGateway('popen//execmodel=structured');
 * {
 *   await using channel = gateway.remoteExec(function* (channel) {
 *     const { sleep, spawn } = require('effection') as Effection;
 *     yield* spawn(function* () {
 *       for (;;) {
 *         yield* channel.send('tick');
 *         yield* sleep(100);
 *       }
 *     });
 *     yield* channel.receive();
 *   });
 *   console.log(await channel.receive()); // → tick
 * }
 * // the task is over, and so is the one that it has spawned
 * ```
 *
 * The same for the local side, where groups and gateways are resources of a scope, is in `@execnet/execmodel-structured/local`.
 *
 * @packageDocumentation
 */
import type { Each } from './each.ts';

export { structured } from './model.ts';
export type { Each };

/** What `require('effection')` gives in remote code: effection, whose `each` takes channels too. */
export type Effection = Omit<typeof import('effection'), 'each'> & { readonly each: Each };
