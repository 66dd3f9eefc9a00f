import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import { currentTier } from '../../../../tools/lib/combinations.mjs';
import { DumpError, LoadError } from '../../src/errors/index.ts';
import { Complex, dumps, Float, FrozenSet, loads, Tuple } from '../../src/serializer/index.ts';
import { asDump, dumpOf, type Oracle, python3 } from './python-oracle.ts';
import { anyValue, hasNoOrder, isBeyondExecnet, loadedFrom, pythonOf } from './python-values.ts';

/** Python's execnet on Python 3 says what is right. */
function oracleTest(title: string, body: (oracle: Oracle) => void): void {
  if (python3 !== undefined) {
    const oracle = python3;
    test(title, () => body(oracle));
  } else {
    test.skip(title);
    console.log(`left out: Python's execnet is not installed: ${title}`);
  }
}

/** As many as take some seconds, from values of a byte to some kilobytes. */
const RANDOM = currentTier() === 'all' ? 20_000 : 2000;

const digits = (count: number): bigint => 10n ** BigInt(count - 1);

const nested = (depth: number): unknown => {
  let value: unknown = [];
  for (let i = 1; i < depth; i++) value = i % 2 ? new Tuple(value) : [value];
  return value;
};

const GROUPS: readonly (readonly unknown[])[] = [
  [null, undefined, true, false],
  // around what fits
  [7, 8, 15, 16, 31, 32, 52, 53, 54, 63, 64, 65, 127, 128, 1023, 1024].flatMap((exponent) =>
    [-1n, 0n, 1n].flatMap((offset) => [2n ** BigInt(exponent) + offset, -(2n ** BigInt(exponent)) + offset]),
  ),
  [
    0,
    1,
    -1,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ],
  // Python 3.11 takes 4300 digits
  [10, 100, 4299, 4300].flatMap((count) => [digits(count), -digits(count)]),
  [-0, 2 ** 53, -(2 ** 53), 1e22, 1e300, -1e300, 0.1, 1 / 3, 5e-324, 1.7976931348623157e308],
  [Number.NaN, Infinity, -Infinity],
  [0, -0, 1, -1, 2 ** 31, Number.NaN, Infinity].map((value) => new Float(value)),
  [new Complex(1, -2), new Complex(-0, 0), new Complex(Number.NaN, -Infinity)],
  [
    '',
    'a',
    '"\'\\',
    '\0',
    '\x7f\x80\xff',
    '\ufeffx',
    '\ufffd\ufffe\uffff',
    '\ud7ff\ue000',
    'é 漢 🦊 \u{10ffff}',
  ],
  ['x'.repeat(1023), 'é'.repeat(1024), '🦊'.repeat(70_000)],
  [0, 1, 16_383, 16_384, 70_000].map((size) => Uint8Array.from({ length: size }, (_, i) => i)),
  [[], [[]], [[], [[]]], [null, undefined], Array.from({ length: 70_000 }, (_, i) => i)],
  [
    new Tuple(),
    new Tuple(1, new Tuple(2), [3]),
    new Tuple(new Tuple()),
    Tuple.from(Array(70_000).fill(null)),
  ],
  [{}, { a: {} }, { a: 1, b: { c: [true] } }, { b: 1, 1: 2, '': 3, ü: 4 }],
  [JSON.parse('{"__proto__":{"constructor":1},"toString":2}')],
  [
    new Map(),
    new Map([['a', new Map()]]),
    new Map([
      ['b', 1],
      ['1', 2],
    ]),
  ],
  [
    new Map<unknown, unknown>([
      [1, 2],
      [null, 3],
      [new Tuple(1, 2), 4],
      ['1', 5],
      [1.5, 6],
      [new Uint8Array([1]), 7],
      [false, 8],
      [10n ** 30n, 9],
      [new FrozenSet([new FrozenSet()]), 10],
      [new Complex(0, 1), 11],
    ]),
  ],

  [new Set(), new Set(['a']), new Set([1, 'a', null, new Tuple(1), 2n ** 70n, 'b'])],
  [new FrozenSet(), new FrozenSet([1]), new Set([new FrozenSet([new Tuple()])])],
];

const EDGES = GROUPS.flat();

/** Asks for all at once, and compares bytes and values both ways. */
function compare(oracle: Oracle, values: readonly unknown[]): void {
  const dumped = values.map(dumpOf);
  const answers = oracle.ask(values.map((value, i) => ['value', pythonOf(value), dumped[i] as string]));
  for (const [i, value] of values.entries()) {
    const said = (): string => `${pythonOf(value).slice(0, 2000)} is dumped as ${dumped[i]?.slice(0, 4000)}`;
    const [bytes, loaded] = (answers[i] as string).split('\t') as [string, string];
    // of what it can't dump, too: it loads what we dump
    if (loaded !== 'True') strictEqual(loaded, 'True', said());
    if (isBeyondExecnet(value)) {
      strictEqual(bytes, '!error', said());
      deepStrictEqual(loads(asDump(oracle, dumped[i] as string)), loadedFrom(value), said());
      continue;
    }
    // strictEqual with a message would build it each time
    if (!hasNoOrder(value) && bytes !== dumped[i]) strictEqual(dumped[i], bytes, said());
    deepStrictEqual(loads(asDump(oracle, bytes)), loadedFrom(value));
  }
}

oracleTest('edges are dumped as Python dumps them, and load there and here as what they were', (oracle) => {
  compare(oracle, EDGES);
});

oracleTest(
  `${RANDOM} values are dumped as Python dumps them, and load there and here as what they were`,
  (oracle) => {
    const values = fc.sample(anyValue, RANDOM);
    ok(values.filter(hasNoOrder).length < RANDOM / 5, 'most are compared byte by byte');
    ok(values.filter(isBeyondExecnet).length < RANDOM / 3, 'most are dumped by Python');
    compare(oracle, values);
  },
);

oracleTest(
  'what versions 1 and 2 dump differs in its first byte, which is that of the execnet here in one of them',
  ({ version }) => {
    ok(version === 1 || version === 2, `a new version ${version}`);
    for (const value of [null, { a: [1, 'b'] }]) {
      const [one, two] = [dumps(value, { version: 1 }), dumps(value, { version: 2 })];
      deepStrictEqual([one[0], two[0]], [1, 2]);
      deepStrictEqual(one.subarray(1), two.subarray(1));
    }
  },
);

oracleTest('what is nested 300 deep is dumped as Python dumps it, and loads there and here', (oracle) => {
  const value = nested(300);
  deepStrictEqual(oracle.ask([['value', 'deep(300)', dumpOf(value)]]), [`${dumpOf(value)}\tTrue`]);
  deepStrictEqual(loads(asDump(oracle, dumpOf(value))), value);
});

oracleTest('64 MiB of bytes are dumped as Python dumps them, and load there and here', (oracle) => {
  const size = 64 * 1024 * 1024;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i;
  const [hash, loaded] = (oracle.ask([['large', String(size)]])[0] as string).split('\t');
  const dumped = dumps(bytes, { version: oracle.version });
  strictEqual(createHash('sha256').update(dumped).digest('hex'), hash);
  strictEqual(loaded, 'True');
  strictEqual(Buffer.compare(loads(dumped) as Uint8Array, bytes), 0);
});

oracleTest(
  'ints of more than 4300 digits are none for Python unless it is told otherwise, and the same then',
  (oracle) => {
    const values = [digits(4301), -digits(4301), digits(20_000), 2n ** 200_000n];
    const questions = values.map((value) => ['value', pythonOf(value), dumpOf(value)]);
    const limited = oracle.ask(questions);
    // older Pythons have no such limit
    if (limited[0]?.startsWith('!')) match(limited[0], /^!\w+\t!\w+$/);
    const limitless = limited[0]?.startsWith('!')
      ? oracle.ask([['digits', '0'], ...questions]).slice(1)
      : limited;
    for (const [i, value] of values.entries()) {
      const [bytes, loaded] = (limitless[i] as string).split('\t') as [string, string];
      strictEqual(loaded, 'True');
      strictEqual(bytes, value < 0n ? '!error' : dumpOf(value));
      strictEqual(loads(asDump(oracle, dumpOf(value))), value);
    }
  },
);

oracleTest('half a surrogate pair is refused by both, as a value and in bytes', (oracle) => {
  for (const text of ['\ud800', 'a\udfff', '\udc00\ud800']) {
    const [answer] = oracle.ask([['value', pythonOf(text), dumpOf('')]]);
    match(answer ?? '', /^!/);
    let refused: unknown;
    try {
      dumps([text], { version: 2 });
    } catch (error) {
      refused = error;
    }
    ok(refused instanceof DumpError);
    strictEqual(refused.path, '$[0]');
  }
  const bytes = '4e00000003eda08051';
  strictEqual(oracle.ask([['load', bytes, '""']])[0], '!UnicodeDecodeError');
  let refused: unknown;
  try {
    loads(asDump(oracle, bytes));
  } catch (error) {
    refused = error;
  }
  ok(refused instanceof LoadError);
});

/** Keys that are equal in Python: a dict, or a set, would have one where there were two. */
const EQUAL_THERE: readonly (readonly [unknown, unknown])[] = [
  [1, true],
  [0, false],
  [1, new Float(1)],
  [2 ** 60, 2n ** 60n],
  [1, new Complex(1, 0)],
  [0.5, new Complex(0.5, 0)],
  [new Complex(1, 2), new Complex(1, 2)],
  [new Tuple(1), new Tuple(1)],
  [new Tuple(1, 'a'), new Tuple(true, 'a')],
  [new Tuple(new Tuple(0)), new Tuple(new Tuple(new Float(-0)))],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new FrozenSet([1, 'a']), new FrozenSet(['a', true])],
  [undefined, null],
];

/** Keys that are different ones there, although they look alike. */
const DIFFERENT_THERE: readonly (readonly [unknown, unknown])[] = [
  ['1', 1],
  ['a', new Uint8Array([97])],
  [new Tuple(1, 2), new FrozenSet([1, 2])],
  [new Tuple('a', 'b'), new Tuple('a, b')],
  [new Tuple('1'), new Tuple(1)],
  [new Complex(1, 2), new Complex(2, 1)],
  [2 ** 53, 2n ** 53n + 1n],
  [new Tuple(), new FrozenSet()],
  ['None', null],
];

oracleTest('keys that are equal in Python are refused, and no others', (oracle) => {
  const equality = (pairs: readonly (readonly [unknown, unknown])[]): string[] =>
    oracle.ask(pairs.map(([a, b]) => ['load', dumpOf(true), `(${pythonOf(a)}) == (${pythonOf(b)})`]));
  deepStrictEqual(new Set(equality(EQUAL_THERE)), new Set(['True']));
  deepStrictEqual(new Set(equality(DIFFERENT_THERE)), new Set(['False']));
  for (const pair of EQUAL_THERE) {
    const [a, b] = pair;
    for (const value of [
      new Set(pair),
      new FrozenSet(pair),
      new Map([
        [a, 1],
        [b, 2],
      ]),
    ]) {
      let refused: unknown;
      try {
        dumps(value, { version: 2 });
      } catch (error) {
        refused = error;
      }
      ok(
        refused instanceof DumpError,
        `${pythonOf(a)} and ${pythonOf(b)} are two in ${value.constructor.name}`,
      );
    }
  }
  compare(
    oracle,
    DIFFERENT_THERE.flatMap((pair) => [
      new Set(pair),
      new FrozenSet(pair),
      new Map(pair.map((key) => [key, 1])),
    ]),
  );
});

test.run();
