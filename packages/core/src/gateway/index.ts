export {
  type CallOptions,
  type ExecOptions,
  Gateway,
  type RemoteFunctionOf,
  type RemoteStatus,
  type Streamed,
  type TerminateOptions,
} from './gateway.ts';
export { openGateway } from './open-gateway.ts';
export type { RemoteStream } from './remote-stream.ts';
