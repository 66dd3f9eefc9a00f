export type { Destination, ProxyRoute } from './destination.ts';
export { resolveDestination } from './resolve.ts';
export { parseSshWords } from './words.ts';
