import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import { DumpError } from '../../src/errors/index.ts';
import { msgpack, Tuple } from '../../src/serializer/index.ts';

const serializer = msgpack();

function failure(value: unknown, from = serializer): DumpError {
  try {
    from.dump(value);
  } catch (error) {
    ok(error instanceof DumpError, String(error));
    strictEqual(error.code, 'ERR_EXECNET_DUMP');
    ok(error.message.startsWith(error.path), error.message);
    return error;
  }
  throw new Error('it was dumped');
}

class Instance {
  field = 1;
}
class DerivedMap extends Map {}
class DerivedArray extends Array {}

const TABLE: [title: string, value: unknown, path: string][] = [
  ['a function', () => 1, '$'],
  ['a method in a list', { users: [1, 2, 3, { save() {} }] }, '$.users[3].save'],
  ['a symbol', [Symbol('s')], '$[0]'],
  ['a class instance', { a: { 'b c': new Instance() } }, '$.a["b c"]'],
  ['an instance of a class derived from a builtin', [new DerivedMap()], '$[0]'],
  ['an instance of a class derived from Array', { a: DerivedArray.of(1) }, '$.a'],
  ['an object that inherits', [Object.create({ a: 1 })], '$[0]'],
  ['a WeakMap', { w: new WeakMap() }, '$.w'],
  ['a Promise', [Promise.resolve()], '$[0]'],
  ['a generator', (function* () {})(), '$'],
  ['a URL', { url: new URL('http://localhost') }, '$.url'],
  ['shared memory', [new SharedArrayBuffer(1)], '$[0]'],
  ['a boxed symbol', [Object(Symbol('s'))], '$[0]'],
  ['a symbol as key', { a: { [Symbol('s')]: 1 } }, '$.a'],
  ['a symbol as key beside others', { a: 1, [Symbol('s')]: 1 }, '$'],
  ['a symbol as key beside others, in one of many', [{ a: 1 }, { a: 1 }, { a: 1, [Symbol('s')]: 1 }], '$[2]'],
  ['a symbol as key of a Map', [Object.assign(new Map(), { [Symbol('s')]: 1 })], '$[0]'],
  ['a symbol as key of a Date', [Object.assign(new Date(), { [Symbol('s')]: 1 })], '$[0]'],
  ['a symbol as key of an array', Object.assign([1], { [Symbol('s')]: 1 }), '$'],
  ['a function as value in a Map', new Map([['key', new Map([[5, () => 1]])]]), '$.get("key").get(5)'],
  ['a function under a key that is an object', new Map([[{}, () => 1]]), '$<value 0>'],
  ['a function as key of a Map', new Map([[() => 1, 1]]), '$<key 0>'],
  ['a function in a Set', { s: new Set([1, () => 1]) }, '$.s<item 1>'],
  ['a function in a Tuple', new Tuple(1, () => 1), '$[1]'],
  ['a function as cause of an error', Object.assign(new Error('e'), { cause: () => 1 }), '$.cause'],
  ['a property of a Map', { m: Object.assign(new Map(), { extra: 1 }) }, '$.m'],
  ['a property of a Date', Object.assign(new Date(0), { extra: 1 }), '$'],
  ['a channel where there are none', [new Instance()], '$[0]'],
];

for (const [title, value, path] of TABLE) {
  test(`${title} is a DumpError at ${path}`, () => {
    strictEqual(failure(value).path, path);
  });
}

test('a liar about its class does not pass', () => {
  failure({ [Symbol.toStringTag]: 'Map' });
  failure(Object.setPrototypeOf({}, Map.prototype));
  failure(Object.setPrototypeOf({}, Date.prototype));
});

test('the symbol or function is found in a thousand records too', () => {
  const records = Array.from({ length: 1000 }, (_, i): Record<string, unknown> => ({ id: i, name: `n${i}` }));
  (records[700] as Record<string, unknown>).name = () => 1;
  strictEqual(failure(records).path, '$[700].name');
});

test('what a getter throws is the cause of the DumpError', () => {
  const cause = new Error('not today');
  const error = failure({
    a: {
      get b() {
        throw cause;
      },
    },
  });
  strictEqual(error.path, '$.a.b');
  strictEqual(error.cause, cause);
});

test('what is nested too deep is refused with a path that can be read', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 1001; i++) deep = { a: deep };
  const { message } = failure(deep);
  ok(message.includes('maxDepth'), message);
  ok(message.length < 300, message);
});

test('what is too large is refused, whether it grows bit by bit or at once', () => {
  const small = msgpack({ maxPayload: 1000 });
  ok(failure(Array(2000).fill('x'), small).message.includes('maxPayload'));
  ok(failure('x'.repeat(2000), small).message.includes('maxPayload'));
  ok(failure(new Uint8Array(2000), small).message.includes('maxPayload'));
  try {
    small.dumpParts([new Uint8Array(100_000)]);
    throw new Error('it was dumped');
  } catch (error) {
    ok(error instanceof DumpError);
  }
  small.dump('x'.repeat(900));
});

test('a serializer works on after every failure', () => {
  for (let i = 0; i < 20; i++) {
    failure({ text: 'x'.repeat(i * 500), f() {} });
    const records = Array.from({ length: 20 }, (_, n) => ({ n, text: 'y' }));
    strictEqual(JSON.stringify(serializer.load(serializer.dump(records))), JSON.stringify(records));
  }
});

test.run();
