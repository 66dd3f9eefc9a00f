/**
 * Marks the prototypes of this project's value classes. A registered symbol, because two copies of the package may be
 * loaded in one program, and a value of either must be dumped alike.
 */
const KIND: unique symbol = Symbol.for('@execnet/value-kind') as never;

export type ValueKind = 'tuple' | 'frozenset' | 'complex' | 'float';

/** Marks `prototype`; not enumerable, so that it stays out of the way of inspection and comparison. */
export function markKind(prototype: object, kind: ValueKind): void {
  Object.defineProperty(prototype, KIND, { value: kind });
}

/** The kind of a value of one of this project's value classes, else `undefined`. */
export function kindOf(value: object): ValueKind | undefined {
  return (value as { [KIND]?: ValueKind })[KIND];
}
