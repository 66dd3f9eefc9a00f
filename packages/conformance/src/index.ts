/**
 * Suites that every transport, interpreter, execution model and serializer of execnet must pass: functions that register and run uvu tests.
 *
 * ```ts
 * import { channelSuite } from '@execnet/conformance';
 * import { Group } from '@execnet/core';
 * import '@execnet/transport-popen/register';
 * import '@execnet/execmodel-thread/register';
 *
 * const group = new Group();
 * channelSuite('popen', { makeGateway: (fields) => group.makeGateway({ popen: true, ...fields }) });
 * ```
 *
 * @packageDocumentation
 */

export { blockingSuite } from './gateway/blocking.ts';
export { callbackSuite } from './gateway/callbacks.ts';
export { cancellingSuite } from './gateway/cancelling.ts';
export { channelSuite } from './gateway/channels.ts';
export { errorSuite } from './gateway/errors.ts';
export { executingSuite } from './gateway/executing.ts';
export { fileSuite } from './gateway/files.ts';
export type { GatewayFixture } from './gateway/gateway-tests.ts';
export { iterationSuite } from './gateway/iteration.ts';
export { multiChannelSuite } from './gateway/multi-channel.ts';
export { nestedChannelSuite } from './gateway/nested-channels.ts';
export { pureFunctionSuite } from './gateway/pure-functions.ts';
export { statusSuite } from './gateway/status.ts';
export { structuredModelSuite } from './gateway/structured.ts';
export { mainThreadOnlySuite, threadModelSuite } from './gateway/threads.ts';
export { valueSuite } from './gateway/values.ts';
export { type ThreadSupports, workerModelSuite } from './gateway/worker.ts';
export type { Lack, TransportFixture } from './transport/lab.ts';
export { checkTransport, type TransportCheckOptions, transportSuite } from './transport/suite.ts';
