import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'uvu';
import { Complex, Float, FrozenSet, Tuple } from '../../src/serializer/index.ts';

test('a Tuple holds what it is given, a single number too', () => {
  deepStrictEqual([...new Tuple(3)], [3]);
  strictEqual(new Tuple(3).length, 1);
  deepStrictEqual([...Tuple.of(5, 6)], [5, 6]);
  deepStrictEqual([...Tuple.from(new Set([1, 2]), (n) => n * 2)], [2, 4]);
  ok(Array.isArray(new Tuple()));
});

test('the methods of a Tuple give plain arrays', () => {
  const doubled = new Tuple(1, 2).map((n) => n * 2);
  strictEqual(Object.getPrototypeOf(doubled), Array.prototype);
  deepStrictEqual(doubled, [2, 4]);
});

test('a FrozenSet is a Set', () => {
  ok(new FrozenSet([1]) instanceof Set);
  deepStrictEqual([...new FrozenSet([1, 1, 2])], [1, 2]);
});

test('Complex and Float say themselves as Python does', () => {
  strictEqual(String(new Complex(1, -2)), '(1-2j)');
  strictEqual(String(new Complex(0, 0.5)), '(0+0.5j)');
  strictEqual(String(new Complex(0, -0)), '(0-0j)');
  strictEqual(String(new Float(1)), '1.0');
  strictEqual(String(new Float(1.25)), '1.25');
  strictEqual(new Float(2).valueOf() + 1, 3);
});

test('inspection names the classes', () => {
  ok(inspect(new Tuple(1)).startsWith('Tuple(1) [ 1 ]'), inspect(new Tuple(1)));
  ok(inspect(new FrozenSet([1])).startsWith('FrozenSet(1)'), inspect(new FrozenSet([1])));
  ok(inspect(new Complex(1, 2)).startsWith('Complex {'), inspect(new Complex(1, 2)));
  ok(inspect(new Float(1)).startsWith('Float {'), inspect(new Float(1)));
});

test.run();
