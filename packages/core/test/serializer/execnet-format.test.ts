import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import { DumpError } from '../../src/errors/index.ts';
import { Complex, execnetFormat, Float, FrozenSet, Tuple } from '../../src/serializer/index.ts';

const serializer = execnetFormat();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** As Python's execnet 1.9 and 2.1 write it. */
const BOTH_WAYS: [value: unknown, bytes: string][] = [
  [null, '4c 51'],
  [true, '52 51'],
  [false, '43 51'],
  [0, '4600000000 51'],
  [1, '4600000001 51'],
  [-1, '46ffffffff 51'],
  [2 ** 31 - 1, '467fffffff 51'],
  [-(2 ** 31), '4680000000 51'],
  [2 ** 31, '480000000a 32313437343833363438 51'],
  [-(2 ** 31) - 1, '480000000b 2d32313437343833363439 51'],
  [2n ** 63n, '4800000013 39323233333732303336383534373735383038 51'],
  [-(2n ** 63n), '4800000014 2d39323233333732303336383534373735383038 51'],
  [1.5, '443ff8000000000000 51'],
  [Number.NaN, '447ff8000000000000 51'],
  [Infinity, '447ff0000000000000 51'],
  [new Complex(1, 2), '543ff00000000000004000000000000000 51'],
  ['', '4e00000000 51'],
  ['abc', '4e00000003 616263 51'],
  ['é😀', '4e00000006 c3a9f09f9880 51'],
  ['\ufeffx', '4e00000004 efbbbf78 51'],
  ['\ufffd', '4e00000003 efbfbd 51'],
  [new Uint8Array([0, 255]), '4100000002 00ff 51'],
  [[], '4b00000000 51'],
  [[1, 'a'], '4b00000002 4600000000 4600000001 50 4600000001 4e0000000161 50 51'],
  [new Tuple(), '4000000000 51'],
  [new Tuple(1, 2), '4600000001 4600000002 4000000002 51'],
  [{}, '4a 51'],
  [{ a: 1 }, '4a 4e0000000161 4600000001 50 51'],
  [
    new Map<unknown, unknown>([
      [1, 2],
      ['b', [3]],
    ]),
    '4a 4600000001 4600000002 50 4e0000000162 4b00000001 4600000000 4600000003 50 50 51',
  ],
  [new Set(), '4f00000000 51'],
  [new Set([1]), '4600000001 4f00000001 51'],
  [new FrozenSet([1]), '4600000001 4500000001 51'],
  [[[]], '4b00000001 4600000000 4b00000000 50 51'],
];

for (const [value, expected] of BOTH_WAYS) {
  test(`${expected} is what is dumped, and loads as the same value`, () => {
    strictEqual(hex(serializer.dump(value)), expected.replaceAll(' ', ''));
    deepStrictEqual(serializer.load(bytes(expected)), value);
  });
}

const ONLY_DUMPED: [title: string, value: unknown, bytes: string][] = [
  ['undefined is None', undefined, '4c 51'],
  ['a bigint is an int', 5n, '4600000005 51'],
  ['-0 is a float', -0, '448000000000000000 51'],
  ['an integral number beyond the safe range is a float', 2 ** 53, '444340000000000000 51'],
  ['Float(1) is a float', new Float(1), '443ff0000000000000 51'],
  ['a Buffer is bytes', Buffer.from([1]), '4100000001 01 51'],
  ['an empty slot is None', Array(1), '4b00000001 4600000000 4c 50 51'],
  ['a Map with strings for keys is a dict', new Map([['a', 1]]), '4a 4e0000000161 4600000001 50 51'],
];

for (const [title, value, expected] of ONLY_DUMPED) {
  test(`${title}`, () => {
    strictEqual(hex(serializer.dump(value)), expected.replaceAll(' ', ''));
  });
}

const ONLY_LOADED: [title: string, bytes: string, value: unknown][] = [
  ['a float is a number', '443ff0000000000000 51', 1],
  ['a long of Python 2 is a number', '4700000005 51', 5],
  ['a long of Python 2 in digits is a number if that is safe', '4900000002 2d37 51', -7],
  ['an int beyond the safe range is a bigint', '4800000010 39303037313939323534373430393932 51', 2n ** 53n],
  ['an int within the safe range is a number', '4800000010 39303037313939323534373430393931 51', 2 ** 53 - 1],
  ['a unicode of Python 2 is a string', '5300000002 c3a9 51', 'é'],
  ['a str of Python 2 is a string, its bytes latin-1', '4d00000002 c3a9 51', 'Ã©'],
  ['a dict with keys that are no strings is a Map', '4a 4600000001 4c 50 51', new Map([[1, null]])],
  [
    'a dict keeps its order even if only the last key is no string',
    '4a 4e0000000162 4c 50 4e0000000131 4c 50 4600000001 4c 50 51',
    new Map<unknown, unknown>([
      ['b', null],
      ['1', null],
      [1, null],
    ]),
  ],
];

for (const [title, data, value] of ONLY_LOADED) {
  test(`${title}`, () => {
    const result = serializer.load(bytes(data));
    deepStrictEqual(result, value);
    if (value instanceof Map) deepStrictEqual([...(result as Map<unknown, unknown>)], [...value]);
  });
}

test('py2strAsPy3str: false gives the str of Python 2 as bytes', () => {
  deepStrictEqual(
    execnetFormat({ py2strAsPy3str: false }).load(bytes('4d00000002 c3a9 51')),
    new Uint8Array([0xc3, 0xa9]),
  );
});

test('py3strAsPy2str: true gives the str of Python 3 as bytes, and a unicode still as string', () => {
  const other = execnetFormat({ py3strAsPy2str: true });
  deepStrictEqual(other.load(bytes('4e00000002 c3a9 51')), new Uint8Array([0xc3, 0xa9]));
  strictEqual(other.load(bytes('5300000002 c3a9 51')), 'é');
});

test('channels travel by their ids', () => {
  class Channel {}
  const channel = new Channel();
  const channels = {
    idOf: (value: object) => (value === channel ? 3 : undefined),
    fromId: (id: number) => `channel ${id}`,
  };
  strictEqual(hex(serializer.dump([channel], channels)), '4b00000001460000000042000000035051');
  deepStrictEqual(serializer.load(serializer.dump({ c: channel }, channels), channels), { c: 'channel 3' });
});

test('large bytes stay where they are when dumping in parts', () => {
  const data = new Uint8Array(1 << 20).fill(1);
  const parts = serializer.dumpParts([1, data, 'x']);
  strictEqual(parts[1], data);
  strictEqual(Buffer.compare(Buffer.concat(parts), serializer.dump([1, data, 'x'])), 0);
});

test('long lists, tuples, texts and deep values travel', () => {
  const long = Array.from({ length: 200_000 }, (_, i) => i);
  let deep: unknown = [];
  for (let i = 0; i < 900; i++) deep = i % 2 === 0 ? { deep } : new Tuple(deep);
  for (const value of [long, Tuple.from(long), new Set(long), 'é'.repeat(100_000), deep]) {
    deepStrictEqual(serializer.load(serializer.dump(value)), value);
  }
});

class Instance {}
const cyclic: unknown[] = [];
cyclic.push({ cyclic });
const REFUSED: [title: string, value: unknown, path: string][] = [
  ['a function', { users: [1, { save() {} }] }, '$.users[1].save'],
  ['a symbol', [Symbol('s')], '$[0]'],
  ['a class instance', [new Instance()], '$[0]'],
  ['a Date', { at: new Date() }, '$.at'],
  ['a typed array', [new Int16Array(1)], '$[0]'],
  ['an error', new Error('x'), '$'],
  ['a boxed number', [Object(1)], '$[0]'],
  ['a string with half a surrogate pair', { a: ['\ud800'] }, '$.a[0]'],
  ['a key with half a surrogate pair', { '\ud800': 1 }, '$["\\ud800"]'],
  ['a symbol as key', [{ [Symbol('s')]: 1 }], '$[0]'],
  ['an array with named properties', /x/.exec('x'), '$'],
  ['a list as key of a dict', new Map([[[1], 1]]), '$<key 0>'],
  ['a dict in a tuple in a set', new Set([new Tuple(1, { a: 1 })]), '$<item 0>[1]'],
  ['a set in a set', new Set([new Set()]), '$<item 0>'],
  [
    'keys that are equal in Python',
    new Map<unknown, unknown>([
      [1, 'a'],
      [true, 'b'],
    ]),
    '$<key 1>',
  ],
  ['items that are equal in Python', [new Set<unknown>([2, new Float(2)])], '$[0]<item 1>'],
];

for (const [title, value, path] of REFUSED) {
  test(`${title} is a DumpError at ${path}`, () => {
    try {
      serializer.dump(value);
    } catch (error) {
      ok(error instanceof DumpError, String(error));
      strictEqual(error.path, path);
      return;
    }
    throw new Error('it was dumped');
  });
}

test('a value that holds itself is a DumpError that says so', () => {
  try {
    serializer.dump(cyclic);
  } catch (error) {
    ok(error instanceof DumpError && error.message.includes('holds itself'), String(error));
    return;
  }
  throw new Error('it was dumped');
});

test('sets and tuples within keys travel as Python takes them', () => {
  const value = new Map<unknown, unknown>([
    [new Tuple(1, new Tuple('a')), new Map([[new FrozenSet([1]), [1]]])],
    [null, new Set([new Tuple()])],
  ]);
  deepStrictEqual(serializer.load(serializer.dump(value)), value);
});

test.run();
