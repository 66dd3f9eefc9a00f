import { markKind } from './kinds.ts';

/**
 * A Python tuple. An array in every respect, but dumped as a tuple; what a tuple holds when loaded.
 * `new Tuple(3)` holds the number 3, unlike `new Array(3)`. Methods such as `map` and `slice` give plain arrays.
 *
 * The type parameter lists the types of the elements: `Tuple<[number, string]>`, `Tuple<number[]>`.
 */
export class Tuple<T extends readonly unknown[] = unknown[]> extends Array<T[number]> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static override of<T>(...items: T[]): Tuple<T[]> {
    return Tuple.from(items);
  }

  static override from<T>(items: Iterable<T> | ArrayLike<T>): Tuple<T[]>;
  static override from<T, U>(
    items: Iterable<T> | ArrayLike<T>,
    map: (item: T, index: number) => U,
    self?: unknown,
  ): Tuple<U[]>;
  static override from(
    items: ArrayLike<unknown>,
    map?: (item: unknown, index: number) => unknown,
    self?: unknown,
  ): Tuple {
    const tuple = new Tuple<unknown[]>();
    // One by one, as there may be more of them than a call takes arguments.
    for (const item of map ? Array.from(items, map, self) : Array.from(items)) tuple.push(item);
    return tuple;
  }

  constructor(...items: T) {
    super();
    for (const item of items) this.push(item);
  }
}

markKind(Tuple.prototype, 'tuple');
