import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import { Complex, Float, FrozenSet, msgpack, Tuple } from '../../src/serializer/index.ts';

const serializer = msgpack();
const roundTrip = <T>(value: T): T => serializer.load(serializer.dump(value)) as T;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The wire, both ways: what is plain MessagePack is readable for any reader of it. */
const TABLE: [value: unknown, bytes: string][] = [
  [null, 'c0'],
  [true, 'c3'],
  [false, 'c2'],
  [0, '00'],
  [63, '3f'],
  [64, 'cc40'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65536, 'ce00010000'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-129, 'd2ffffff7f'],
  [-0, 'cb8000000000000000'],
  [1.5, 'cb3ff8000000000000'],
  [2 ** 32, 'cb41f0000000000000'],
  [Number.NaN, 'cb7ff8000000000000'],
  [5n, 'cf0000000000000005'],
  [-5n, 'd3fffffffffffffffb'],
  ['', 'a0'],
  ['abc', 'a3616263'],
  ['é', 'a2c3a9'],
  ['é'.repeat(20), `d928${'c3a9'.repeat(20)}`],
  ['x'.repeat(32), `d920${'78'.repeat(32)}`],
  [new Uint8Array([1, 2]), 'c4020102'],
  [[], '90'],
  [[1, 'a'], '9201a161'],
  [{}, '80'],
  [{ a: 1 }, '81a16101'],
  [undefined, 'c192c100'],
  [{ a: undefined }, 'c181a16192c100'],
  [2n ** 64n, 'c194c103c2b13130303030303030303030303030303030'],
  [new Date(0), 'c193c10900'],
  [new Map([[1, 2]]), 'c194c1070102'],
  [new Set([1]), 'c193c10801'],
  [/a/g, 'c194c10aa161a167'],
  [new Tuple(1), 'c193c11101'],
  [new FrozenSet([1]), 'c193c11201'],
  [new Complex(0.5, 2), 'c194c113cb3fe000000000000002'],
  [new Float(1), 'c193c11401'],
];

test('what is written for each kind of value is the documented bytes, and they load as that value', () => {
  for (const [value, bytes] of TABLE) {
    strictEqual(hex(serializer.dump(value)), bytes);
    deepStrictEqual(serializer.load(Buffer.from(bytes, 'hex')), value);
  }
});

const cyclic: Record<string, unknown> = { list: [1] };
cyclic.self = cyclic;
cyclic.inner = new Map<unknown, unknown>([
  ['up', cyclic],
  [cyclic.list, new Set([cyclic])],
]);

const VALUES: Record<string, unknown> = {
  'integers at every boundary of the format': [
    0,
    31,
    63,
    64,
    127,
    128,
    255,
    256,
    65535,
    65536,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
  ],
  'negative integers at every boundary': [
    -1,
    -32,
    -33,
    -128,
    -129,
    -32768,
    -32769,
    -(2 ** 31),
    -(2 ** 31) - 1,
  ],
  'numbers that are none or odd': [-0, Number.NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 2 ** 53],
  'bigints of any size': [
    0n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
    2n ** 64n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    -(7n ** 500n),
  ],
  'strings of every length class': [15, 16, 31, 32, 47, 48, 85, 86, 255, 256, 21845, 65535, 65536, 70000].map(
    (n) => 'x'.repeat(n),
  ),
  'strings beyond ASCII of every length class': [10, 11, 15, 16, 31, 40, 47, 48, 63, 64, 100, 30000].map(
    (n) => '日é😀'.repeat(n),
  ),
  'strings with half a surrogate pair': [
    '\ud800',
    'a\udc00b',
    '\udc00\ud800',
    `${'x'.repeat(80)}\ud800`,
    '\ud800'.repeat(9000),
  ],
  'strings that begin with a byte order mark': [
    '\ufeff',
    '\ufeffabc',
    `\ufeff${'日'.repeat(30)}`,
    `\ufeff${'x'.repeat(99)}`,
  ],
  'undefined as element and as property': { a: undefined, b: [undefined, null] },
  'holes in an array': Object.assign(Array(5), { 0: 1, 2: 3 }),
  'an array that is mostly holes': Object.assign(Array(5_000_000), { 7: 'seven', 4000000: {} }),
  'an array with named properties': Object.assign([1, 2], { name: 'n' }),
  'the result of a regular expression': /(?<first>a)b/.exec('xab'),
  'dates, also ancient ones': [
    new Date(0),
    new Date(1.7e12),
    new Date(-6e13),
    new Date(8.64e15),
    new Date(-1),
  ],
  'regular expressions': [/a\/b/dgimsuy, /[\]/]/],
  'maps and sets with any keys': new Map<unknown, unknown>([
    [1, { a: 1 }],
    [{ k: 1 }, new Set([new Set(), null])],
    [Number.NaN, 0],
    [undefined, undefined],
  ]),
  'boxed primitives': [Object(1), Object('text'), Object(false), Object(5n)],
  'typed arrays, also windows into larger buffers': [
    new Int8Array([-1]),
    new Uint8ClampedArray([255]),
    new Int16Array([1, 2, 3]).subarray(1),
    new Uint16Array([1]),
    new Int32Array([-1]),
    new Uint32Array([1]),
    new Float32Array([1.5]),
    new Float64Array([Number.NaN, 2]),
    new BigInt64Array([-1n]),
    new BigUint64Array([1n]),
    new Float64Array(5000),
  ],
  'buffers and views of them': [
    new Uint8Array([1, 2]).buffer,
    new DataView(new Uint8Array([1, 2, 3]).buffer),
    new ArrayBuffer(0),
  ],
  'bytes small and large in one value': { big: new Uint8Array(20_000).fill(7), small: new Uint8Array([1]) },
  'cycles through every kind of container': cyclic,
  'keys that are numbers, empty, long, or not well-formed': {
    2: 'b',
    1: 'a',
    '': 0,
    [`k${'x'.repeat(300)}`]: 1,
    '\ud800': 2,
    é: 3,
  },
  'an object with very many keys': Object.fromEntries(
    Array.from({ length: 70_000 }, (_, i) => [`key${i}`, i]),
  ),
  'many records, some with other keys': Array.from({ length: 200 }, (_, i) =>
    i % 7 === 0 ? { id: i, odd: true } : { id: i, name: `n${i}`, in: { deep: [i] } },
  ),
  'more kinds of records than there are record ids': Array.from({ length: 2000 }, (_, i) => ({
    [`k${i % 90}`]: i,
    x: 1,
  })),
  'an empty value of each kind': [{}, [], '', new Map(), new Set(), new Uint8Array(0)],
};

for (const [title, value] of Object.entries(VALUES)) {
  test(`${title} arrive as structuredClone would give them`, () => {
    deepStrictEqual(roundTrip(value), structuredClone(value));
  });
}

test('named properties of arrays arrive however many such arrays there are', () => {
  const matches = [...'abc'.repeat(200).matchAll(/(?<letter>.)/g)];
  deepStrictEqual(roundTrip(matches), structuredClone(matches));
});

test('shared references stay shared, and equal objects stay apart', () => {
  const shared = { x: 1 };
  const many = Array.from({ length: 30 }, (_, i) => ({ i }));
  const result = roundTrip({
    a: shared,
    b: [shared],
    c: { x: 1 },
    many,
    again: [many[3], many[29], many[3]],
  });
  strictEqual(result.a, result.b[0]);
  notStrictEqual(result.a, result.c);
  strictEqual(result.again[0], result.many[3]);
  strictEqual(result.again[1], result.many[29]);
  strictEqual(result.again[2], result.many[3]);
});

test('an own property named __proto__ arrives as one and pollutes nothing', () => {
  const result = roundTrip(JSON.parse('[{"__proto__":{"polluted":1},"b":2}]'))[0];
  deepStrictEqual(Object.keys(result), ['__proto__', 'b']);
  strictEqual(Object.getPrototypeOf(result), Object.prototype);
  strictEqual(({} as { polluted?: number }).polluted, undefined);
});

test('an empty regular expression stays one', () => {
  // Bun's structuredClone makes another of it.
  strictEqual(String(roundTrip(/(?:)/)), '/(?:)/');
});

test('an invalid date stays one', () => {
  // Node.js 20 takes two invalid dates for different ones.
  const [date] = roundTrip([new Date(Number.NaN)]);
  ok(date instanceof Date && Number.isNaN(date.getTime()));
});

test('getters are read, inherited properties are not', () => {
  deepStrictEqual(
    roundTrip({
      get a() {
        return 5;
      },
    }),
    { a: 5 },
  );
});

test('objects without a prototype and those of another realm arrive as plain objects', () => {
  deepStrictEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
  deepStrictEqual(
    roundTrip(
      runInNewContext(
        '({ o: { a: [1] }, m: new Map([[1, new Date(5)]]), s: new Set([/x/]), u: new Uint8Array([1]), e: new RangeError("r") })',
      ),
    ),
    Object.assign(
      {},
      {
        o: { a: [1] },
        m: new Map([[1, new Date(5)]]),
        s: new Set([/x/]),
        u: new Uint8Array([1]),
        e: roundTrip(runInNewContext('new RangeError("r")')),
      },
    ),
  );
});

class CustomError extends TypeError {
  override name = 'CustomError';
  detail = { n: 1 };
}

test('every builtin error class arrives as itself, with message, stack and cause', () => {
  for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = new Class('what', { cause: new Error('why', { cause: 'text' }) });
    const result = roundTrip(error);
    strictEqual(Object.getPrototypeOf(result), Class.prototype);
    strictEqual(result.message, 'what');
    strictEqual(result.stack, error.stack);
    strictEqual(result.name, Class.name);
    strictEqual((result.cause as Error).message, 'why');
    strictEqual((result.cause as Error).cause, 'text');
    deepStrictEqual(Object.keys(result), Object.keys(error));
  }
});

test('an error keeps its code, own properties and cycles', () => {
  const error: Error & { code?: string; errno?: number; self?: unknown } = new Error('no such file');
  Object.assign(error, { code: 'ENOENT', errno: -2 });
  error.self = error;
  const result = roundTrip(error);
  strictEqual(result.code, 'ENOENT');
  strictEqual(result.errno, -2);
  strictEqual(result.self, result);
});

test('an error of a derived class arrives as the builtin class below it, with its name', () => {
  const result = roundTrip(new CustomError('custom'));
  strictEqual(Object.getPrototypeOf(result), TypeError.prototype);
  strictEqual(result.name, 'CustomError');
  deepStrictEqual(result.detail, { n: 1 });
  class Unnamed extends Error {}
  strictEqual(roundTrip(new Unnamed('x')).name, 'Unnamed');
});

test('an AggregateError keeps its errors, a DOMException its name', () => {
  const aggregate = roundTrip(new AggregateError([new Error('one'), 2], 'both'));
  ok(aggregate instanceof AggregateError);
  strictEqual(aggregate.message, 'both');
  strictEqual(aggregate.errors[0].message, 'one');
  strictEqual(aggregate.errors[1], 2);
  ok(!Object.keys(aggregate).includes('errors'));
  const aborted = roundTrip(new DOMException('stop', 'AbortError'));
  ok(aborted instanceof DOMException);
  strictEqual(aborted.name, 'AbortError');
  strictEqual(aborted.message, 'stop');
});

test('an error without a message of its own has none at the other end', () => {
  strictEqual(Object.hasOwn(roundTrip(new Error()), 'message'), false);
});

test('the value classes arrive as themselves', () => {
  deepStrictEqual(
    roundTrip([new Tuple(1, [2]), new FrozenSet(['a']), new Complex(1, -0), new Float(3), new Tuple()]),
    [new Tuple(1, [2]), new FrozenSet(['a']), new Complex(1, -0), new Float(3), new Tuple()],
  );
});

test('a Node.js Buffer arrives as Uint8Array, small or large, at the top or inside', () => {
  for (const size of [0, 3, 100_000]) {
    const result = roundTrip([Buffer.alloc(size, 1), Buffer.alloc(size, 1)]);
    strictEqual(Object.getPrototypeOf(result[0]), Uint8Array.prototype);
    deepStrictEqual(new Uint8Array(result[1] as Uint8Array), new Uint8Array(size).fill(1));
    strictEqual(Object.getPrototypeOf(roundTrip(Buffer.alloc(size))), Uint8Array.prototype);
  }
});

test('small bytes are copied out of a message, large ones are windows into it', () => {
  const message = serializer.dump([new Uint8Array(8), new Uint8Array(20_000), new Uint8Array(8)]);
  const [small, large, last] = serializer.load(message) as Uint8Array[];
  notStrictEqual(small?.buffer, message.buffer);
  strictEqual(large?.buffer, message.buffer);
  notStrictEqual(last?.buffer, message.buffer);
});

test('dumping in parts gives the same bytes, with large ones not copied', () => {
  const data = new Uint8Array(1 << 20).fill(3);
  for (const value of [
    data,
    { head: 1, data, tail: [data.subarray(0, 100), new Float64Array(9000)] },
    [1],
    new ArrayBuffer(40_000),
  ]) {
    const parts = serializer.dumpParts(value);
    strictEqual(hex(Buffer.concat(parts)), hex(serializer.dump(value)));
    if (value === data) strictEqual(parts.length, 2);
    if (value === data) strictEqual(parts[1], data);
  }
});

test('what was dumped is not written to by later dumps', () => {
  const kept = Array.from({ length: 500 }, (_, i) => serializer.dump({ i, text: 'x'.repeat(i) }));
  for (const [i, bytes] of kept.entries())
    deepStrictEqual(serializer.load(bytes), { i, text: 'x'.repeat(i) });
});

test('each message stands alone: any order, by any serializer', () => {
  const records = (n: number): unknown => Array.from({ length: 40 }, (_, i) => ({ n, i, text: `t${i}` }));
  const messages = [1, 2, 3].map((n) => serializer.dump(records(n)));
  deepStrictEqual(msgpack().load(messages[2] as Uint8Array), records(3));
  deepStrictEqual(msgpack().load(messages[0] as Uint8Array), records(1));
});

test('a getter may dump another value meanwhile', () => {
  let inner: unknown;
  const value = {
    before: 1,
    get nested() {
      inner = serializer.load(serializer.dump({ inner: true }));
      return 2;
    },
    after: 3,
  };
  deepStrictEqual(roundTrip(value), { before: 1, nested: 2, after: 3 });
  deepStrictEqual(inner, { inner: true });
});

test('channels travel by their ids, and one that is met twice is one', () => {
  class Channel {
    readonly id: number;
    constructor(id: number) {
      this.id = id;
    }
  }
  const channels = {
    idOf: (value: object) => (value instanceof Channel ? value.id : undefined),
    fromId: (id: number) => new Channel(id),
  };
  const channel = new Channel(7);
  const result = serializer.load(serializer.dump({ a: channel, b: [channel] }, channels), channels) as {
    a: Channel;
    b: Channel[];
  };
  ok(result.a instanceof Channel);
  strictEqual(result.a.id, 7);
  strictEqual(result.b[0], result.a);
});

test('another copy of the value classes is dumped alike', () => {
  class OtherTuple extends Array {}
  Object.defineProperty(OtherTuple.prototype, Symbol.for('@execnet/value-kind'), { value: 'tuple' });
  deepStrictEqual(roundTrip(OtherTuple.of(1, 2)), new Tuple(1, 2));
});

test('values at the limit of depth arrive, also those that take a tag', () => {
  const small = msgpack({ maxDepth: 3 });
  for (const value of [
    [[[undefined]]],
    [[[2n ** 70n]]],
    [[new Error('x')]],
    { a: { b: { c: 1 } } },
    [[new Map([[1, undefined]])]],
  ]) {
    small.load(small.dump(value));
  }
});

test.run();
