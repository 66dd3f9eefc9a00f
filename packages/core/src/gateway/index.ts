export {
  type CallOptions,
  type ExecOptions,
  Gateway,
  type RemoteFunctionOf,
  type RemoteStatus,
  type TerminateOptions,
} from './gateway.ts';
export { openGateway } from './open-gateway.ts';
