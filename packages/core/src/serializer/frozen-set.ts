import { markKind } from './kinds.ts';

/** A Python frozenset. A set in every respect, but dumped as a frozenset; JavaScript does not keep it from changing. */
export class FrozenSet<T = unknown> extends Set<T> {
  override get [Symbol.toStringTag](): string {
    return 'FrozenSet';
  }
}

markKind(FrozenSet.prototype, 'frozenset');
