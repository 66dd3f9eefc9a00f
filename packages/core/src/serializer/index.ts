export { Complex } from './complex.ts';
export {
  type ByteSink,
  type DumpOptions,
  type DumpVersion,
  dump,
  dumps,
  type LoadOptions,
  load,
  loads,
} from './dumps.ts';
export { execnetFormat } from './execnet-format.ts';
export { Float } from './float.ts';
export { FrozenSet } from './frozen-set.ts';
export { msgpack } from './msgpack.ts';
export { Tuple } from './tuple.ts';
export type { Serializer } from './types.ts';
