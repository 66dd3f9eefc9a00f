/**
 * Groups and gateways as resources of effection.
 *
 * ```ts
 * import { useGateway } from 'execnet/structured';
 * import { run } from 'effection';
 *
 * await run(function* () {
 *   const gateway = yield* useGateway('popen');
 *   console.log(yield* gateway.call(() => 6 * 7)); // → 42
 * });
 * ```
 *
 * @packageDocumentation
 */
import './index.ts';

export * from '@execnet/execmodel-structured/local';
