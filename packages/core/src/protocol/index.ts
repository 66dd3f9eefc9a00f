export { type BootOptions, type Hello, PROTOCOL_VERSION, type RemoteInfo, type Start } from './boot.ts';
export type { ExecRequest } from './exec-request.ts';
