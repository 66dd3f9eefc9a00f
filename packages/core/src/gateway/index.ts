export {
  type ArgsAndOptions,
  type CallOptions,
  type ExecOptions,
  Gateway,
  type RemoteFunction,
  type RemoteFunctionOf,
  type RemoteStatus,
  type Streamed,
  type TerminateOptions,
} from './gateway.ts';
export { openGateway } from './open-gateway.ts';
export type { Exposed } from './remote-object.ts';
export type { ProcessExit, ProcessOptions, RemoteProcess } from './remote-process.ts';
export type { RemoteStream } from './remote-stream.ts';
