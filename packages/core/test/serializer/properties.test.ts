import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'uvu';
import { msgpack } from '../../src/serializer/index.ts';

const serializer = msgpack();

const PRIMITIVES: fc.Arbitrary<unknown>[] = [
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(null, undefined, -0, Number.NaN),
];

/** The value with lists in place of Maps and Sets: so their order counts too, and Bun can compare them if objects are keys. */
function ordered(value: unknown): unknown {
  if (value instanceof Map) return ['Map', ...[...value].map(([key, item]) => [ordered(key), ordered(item)])];
  if (value instanceof Set) return ['Set', ...[...value].map(ordered)];
  // Its map() keeps empty slots.
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.entries(value).map(([key, item]) => [key, ordered(item)]);
}

const anything = fc.anything({
  // Not `withDate`: Node.js 20 takes two invalid dates for different ones.
  values: [...PRIMITIVES, fc.date({ noInvalidDate: true })],
  key: fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', 'a', 'b', '0'),
  ),
  maxDepth: 4,
  withBoxedValues: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

test('any value arrives as structuredClone would give it', () => {
  fc.assert(
    fc.property(anything, (value) => {
      deepStrictEqual(ordered(serializer.load(serializer.dump(value))), ordered(structuredClone(value)));
    }),
    { numRuns: 3000 },
  );
});

test('any list of alike records arrives as structuredClone would give it', () => {
  const records = fc
    .uniqueArray(fc.string({ minLength: 0, maxLength: 40 }), { minLength: 1, maxLength: 40 })
    .chain((keys) =>
      fc
        .array(fc.array(anything, { minLength: keys.length, maxLength: keys.length }), {
          minLength: 13,
          maxLength: 30,
        })
        .map((rows) => rows.map((row) => Object.fromEntries(keys.map((key, i) => [key, row[i]])))),
    );
  fc.assert(
    fc.property(records, (value) => {
      deepStrictEqual(ordered(serializer.load(serializer.dump(value))), ordered(structuredClone(value)));
    }),
    { numRuns: 100 },
  );
});

test('any string arrives as it was, at every alignment', () => {
  const string = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(string, { maxLength: 5 }), (strings) => {
      deepStrictEqual(serializer.load(serializer.dump(strings)), strings);
    }),
    { numRuns: 1000 },
  );
});

test('dumping in parts gives the bytes of dumping at once', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: 70_000 }), (value, size) => {
      const mixed = [value, new Uint8Array(size), value, new Uint16Array(size)];
      strictEqual(Buffer.concat(serializer.dumpParts(mixed)).equals(serializer.dump(mixed)), true);
    }),
    { numRuns: 200 },
  );
});

test.run();
