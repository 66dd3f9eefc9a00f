export { bun } from './bun.ts';
export { deno } from './deno.ts';
export { node } from './node.ts';
export { defaultRegistry, StandardRegistry } from './standard-registry.ts';
