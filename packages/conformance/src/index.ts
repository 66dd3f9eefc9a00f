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
export { closingSuite } from './gateway/closing.ts';
export { errorSuite } from './gateway/errors.ts';
export { executingSuite } from './gateway/executing.ts';
export { exposingSuite } from './gateway/exposing.ts';
export { fileSuite } from './gateway/files.ts';
export { garbageSuite } from './gateway/garbage.ts';
export type { GatewayFixture } from './gateway/gateway-tests.ts';
export { halfClosedSuite } from './gateway/half-closed.ts';
export { iterationSuite } from './gateway/iteration.ts';
export { leftBehindSuite } from './gateway/left-behind.ts';
export { multiChannelSuite } from './gateway/multi-channel.ts';
export { nestedChannelSuite } from './gateway/nested-channels.ts';
export { processSuite } from './gateway/processes.ts';
export { pureFunctionSuite } from './gateway/pure-functions.ts';
export { pythonCallbackSuite } from './gateway/python/callbacks.ts';
export { pythonCancellingSuite } from './gateway/python/cancelling.ts';
export { pythonChannelSuite } from './gateway/python/channels.ts';
export { pythonClosingSuite } from './gateway/python/closing.ts';
export { pythonEndingSuite, pythonTerminatingSuite } from './gateway/python/ending.ts';
export { pythonErrorSuite } from './gateway/python/errors.ts';
export { pythonExecutingSuite } from './gateway/python/executing.ts';
export { pythonExposingSuite } from './gateway/python/exposing.ts';
export { pythonFileSuite } from './gateway/python/files.ts';
export { pythonFlowSuite, pythonMemorySuite } from './gateway/python/flow.ts';
export { pythonGarbageSuite } from './gateway/python/garbage.ts';
export { PATCHES, pythonGreenletSuite } from './gateway/python/greenlets.ts';
export { pythonHalfClosedSuite } from './gateway/python/half-closed.ts';
export { pythonInterferenceSuite } from './gateway/python/interference.ts';
export { pythonLeftBehindSuite } from './gateway/python/left-behind.ts';
export { pythonMultiChannelSuite } from './gateway/python/multi-channel.ts';
export { pythonPrintSuite } from './gateway/python/prints.ts';
export { pythonProcessSuite } from './gateway/python/processes.ts';
export type { GreenletModel, PythonFixture } from './gateway/python/python-tests.ts';
export { pythonScheduleSuite } from './gateway/python/schedules.ts';
export { pythonServiceSuite } from './gateway/python/services.ts';
export { pythonSignalSuite } from './gateway/python/signals.ts';
export { pythonStatusSuite } from './gateway/python/status.ts';
export { pythonStreamSuite } from './gateway/python/streams.ts';
export { pythonStringSuite } from './gateway/python/strings.ts';
export { pythonMainThreadOnlySuite, pythonThreadSuite } from './gateway/python/threads.ts';
export { pythonValueSuite } from './gateway/python/values.ts';
export { scheduleSuite } from './gateway/schedules.ts';
export { serviceSuite } from './gateway/services.ts';
export { statusSuite } from './gateway/status.ts';
export { streamSuite } from './gateway/streams.ts';
export { structuredModelSuite } from './gateway/structured.ts';
export { mainThreadOnlySuite, threadModelSuite } from './gateway/threads.ts';
export { valueSuite } from './gateway/values.ts';
export { type ThreadSupports, workerModelSuite } from './gateway/worker.ts';
export type { Selection } from './selected-suite.ts';
export type { Lack, TransportFixture } from './transport/lab.ts';
export { checkTransport, type TransportCheckOptions, transportSuite } from './transport/suite.ts';
