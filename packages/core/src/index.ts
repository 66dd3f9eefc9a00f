/**
 * Start interpreters anywhere, with nothing installed there but the interpreter itself, run code in them, exchange values over channels, and
 * take everything down again for certain.
 *
 * ```ts
 * import { makeGateway } from '@execnet/core';
 * import '@execnet/transport-popen/register';
 * import '@execnet/execmodel-thread/register';
 *
 * const gateway = await makeGateway('popen');
 * console.log(await gateway.call(({ a, b }: { a: number; b: number }) => a + b, { a: 1, b: 2 }));
 * await gateway.terminate();
 * ```
 *
 * @packageDocumentation
 */
export {
  type CallbackOptions,
  Channel,
  type ChannelGateway,
  type FileOptions,
  type Future,
  type StringCoercion,
  type WaitOptions,
  type Wire,
} from './channel/index.ts';
export {
  CancelledError,
  ChannelClosedError,
  ConnectError,
  ConnectionLostError,
  DataFormatError,
  DumpError,
  type ErrorCode,
  ExecnetError,
  type ExecnetErrorOptions,
  type ExitReport,
  hasCode,
  LoadError,
  ProtocolError,
  RemoteError,
  SpecError,
  TerminateError,
  TimeoutError,
} from './errors/index.ts';
export type {
  CallOptions,
  ExecOptions,
  Exposed,
  Gateway,
  ProcessExit,
  ProcessOptions,
  RemoteFunctionOf,
  RemoteProcess,
  RemoteStatus,
  RemoteStream,
  Streamed,
  TerminateOptions,
} from './gateway/index.ts';
export {
  defaultGroup,
  type FromChannel,
  Group,
  type GroupOptions,
  type MakeGatewaysOptions,
  MultiChannel,
  makeGateway,
  type ReceiveQueue,
  setExecmodel,
} from './group/index.ts';
export { bun, defaultRegistry, deno, node, StandardRegistry as Registry } from './interpreters/index.ts';
export type { RemoteInfo } from './protocol/index.ts';
export type { Plugin, RegistryOptions } from './registry/index.ts';
export {
  type ByteSink,
  Complex,
  type DumpOptions,
  type DumpVersion,
  dump,
  dumps,
  Float,
  FrozenSet,
  type LoadOptions,
  load,
  loads,
  Tuple,
} from './serializer/index.ts';
export { expandSpecs, Spec, type SpecLike, type SpecObject } from './spec/index.ts';
