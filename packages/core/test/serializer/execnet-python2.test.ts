import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'uvu';
import { Complex, FrozenSet, type LoadOptions, loads, Tuple } from '../../src/serializer/index.ts';
import { asDump, dumpOf, type Oracle, python2, python3 } from './python-oracle.ts';
import { anyValue, isBeyondExecnet, loadedFrom, PYTHON_2, pythonOf } from './python-values.ts';

/** Python's execnet on Python 2 writes, and that on Python 3 says what it means. */
function oracleTest(title: string, body: (oracle: Oracle, judge: Oracle) => void): void {
  if (python2 !== undefined && python3 !== undefined) {
    const [oracle, judge] = [python2, python3];
    test(title, () => body(oracle, judge));
  } else {
    test.skip(title);
    console.log(`left out: there is no Python 2.7, or no execnet for it: ${title}`);
  }
}

/** What Python 2 alone has, and what it is here. */
const COUNTERPARTS: readonly (readonly [python: string, value: unknown])[] = [
  ['u"caf\\xe9 \\u20ac \\U0001f600"', 'café € 😀'],
  ['5L', 5],
  ['-7L', -7],
  ['0L', 0],
  ['2**31 - 1', 2 ** 31 - 1],
  ['-2**31', -(2 ** 31)],
  ['2**31', 2 ** 31],
  ['long(2**31 - 1)', 2 ** 31 - 1],
  ['long(-2**31)', -(2 ** 31)],
  ['2**53 - 1', Number.MAX_SAFE_INTEGER],
  ['2**53', 2n ** 53n],
  ['2**62', 2n ** 62n],
  ['sys.maxint', 2n ** 63n - 1n],
  ['10**100', 10n ** 100n],
  ['10L**4300', 10n ** 4300n],
  ['None', null],
  ['True', true],
  ['1.5', 1.5],
  ['1 - 2j', new Complex(1, -2)],
  ['[1, 5L, (2, [None])]', [1, 5, new Tuple(2, [null])]],
  [
    '{1L: u"x", u"y": 2}',
    new Map<unknown, unknown>([
      [1, 'x'],
      ['y', 2],
    ]),
  ],
  ['{u"a": {u"b": 1}}', { a: { b: 1 } }],
  ['set([u"a"])', new Set(['a'])],
  ['frozenset([7L])', new FrozenSet([7])],
];

/** Byte strings: what they are depends on what is asked for. */
const STRINGS: readonly (readonly [python: string, bytes: Uint8Array, text: string])[] = [
  ['""', new Uint8Array(), ''],
  ['"abc"', Buffer.from('abc'), 'abc'],
  ['"\\xc3\\xa9\\x80\\xff\\x00"', new Uint8Array([0xc3, 0xa9, 0x80, 0xff, 0]), 'Ã©\x80ÿ\0'],
  [
    '"".join([chr(i) for i in range(256)]) * 100',
    pattern(25_600),
    String.fromCharCode(...pattern(256)).repeat(100),
  ],
];

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}

const dumpedBy = (oracle: Oracle, expressions: readonly string[]): string[] =>
  oracle
    .ask(expressions.map((python) => ['value', python, dumpOf(null)]))
    .map((answer) => answer.split('\t')[0] as string);

oracleTest('what Python 2 dumps loads as what it is', (oracle) => {
  const dumps = dumpedBy(
    oracle,
    COUNTERPARTS.map(([python]) => python),
  );
  for (const [i, [python, value]] of COUNTERPARTS.entries())
    deepStrictEqual(loads(asDump(oracle, dumps[i] as string)), value, python);
});

oracleTest(
  'byte strings of Python 2 are bytes, or strings if that is asked for, as Python 3 has them',
  (oracle, judge) => {
    const dumps = dumpedBy(
      oracle,
      STRINGS.map(([python]) => python),
    );
    const load = (dump: string, options?: LoadOptions): unknown => loads(asDump(oracle, dump), options);
    for (const [i, [python, bytes, text]] of STRINGS.entries()) {
      const dump = dumps[i] as string;
      deepStrictEqual(load(dump), new Uint8Array(bytes), python);
      strictEqual(load(dump, { py2strAsPy3str: true }), text, python);
      deepStrictEqual(
        judge.ask([
          ['load', dump, pythonOf(new Uint8Array(bytes))],
          ['load', dump, pythonOf(text), 'py2str_as_py3str'],
        ]),
        ['True', 'True'],
      );
    }
  },
);

oracleTest('strings of ours are unicode for Python 2, or byte strings if it asks for that', (oracle) => {
  for (const text of ['', 'abc', 'é €'])
    deepStrictEqual(
      oracle.ask([
        ['load', dumpOf(text), pythonOf(text, PYTHON_2)],
        ['load', dumpOf(text), `${pythonOf(text, PYTHON_2)}.encode("utf-8")`, 'py3str_as_py2str'],
      ]),
      ['True', 'True'],
    );
  deepStrictEqual(
    oracle.ask([['load', dumpOf(pattern(300)), '"".join([chr(i % 256) for i in range(300)])']]),
    ['True'],
  );
});

oracleTest('5000 values load from what Python 2 dumps, and it loads what we dump', (oracle) => {
  const values = fc.sample(anyValue, 5000).filter((value) => !isBeyondExecnet(value));
  ok(values.length > 3000);
  const answers = oracle.ask(values.map((value) => ['value', pythonOf(value, PYTHON_2), dumpOf(value)]));
  for (const [i, value] of values.entries()) {
    const [bytes, loaded] = (answers[i] as string).split('\t') as [string, string];
    strictEqual(loaded, 'True', pythonOf(value));
    deepStrictEqual(loads(asDump(oracle, bytes)), loadedFrom(value), pythonOf(value));
  }
});

test.run();
