export { addKnownHost } from './add-known-host.ts';
export { hostKeyError } from './host-key-error.ts';
export type { HostName } from './host-name.ts';
export { fingerprint, keyType, rsaKeyBits } from './key.ts';
export { KnownHosts } from './known-hosts.ts';
