/**
 * Groups and gateways as resources of effection: they end with the scope that made them, on success, on error and when it is halted.
 *
 * ```ts
 * import { each, useGateway } from '@execnet/execmodel-structured/local';
 * import '@execnet/execmodel-structured/register';
 * import '@execnet/transport-popen/register';
 * import { run } from 'effection';
 *
 * await run(function* () {
 *   const gateway = yield* useGateway('popen//execmodel=structured');
 *   const channel = gateway.remoteExec(function* (channel) {
 *     for (let i = 0; i < 3; i++) yield* channel.send(i);
 *   });
 *   let sum = 0;
 *   for (const item of yield* each(channel)) {
 *     sum += Number(item);
 *     yield* each.next();
 *   }
 *   console.log(sum); // → 3
 * });
 * // here the gateway is gone
 * ```
 *
 * @packageDocumentation
 */
export { type Each, each, type Source } from '../each.ts';
export { type UseGatewayOptions, useGateway, useGroup } from './resources.ts';
