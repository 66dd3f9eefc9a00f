export { localHost } from './local-host.ts';
export { TailBuffer } from './tail-buffer.ts';
