import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { test } from 'uvu';
import {
  Complex,
  type DumpVersion,
  dumps,
  Float,
  FrozenSet,
  loads,
  Tuple,
} from '../../src/serializer/index.ts';

const PYTHON = '/usr/bin/python3';

/** Reads lines: `= EXPRESSION` answers with its dump; a dump in hexadecimal with what it dumps to again. */
const ORACLE = `
import sys, execnet
# All of it first: Deno does not read the answers before it has written every line.
for line in sys.stdin.read().split("\\n")[:-1]:
    try:
        value = eval(line[2:]) if line.startswith("= ") else execnet.loads(bytes.fromhex(line))
        print(execnet.dumps(value).hex())
    except BaseException as error:
        print("!", type(error).__name__, error)
`;

const probe = spawnSync(PYTHON, ['-c', 'import execnet; print(execnet.dumps(None)[0])'], {
  encoding: 'utf8',
});
const version = probe.status === 0 ? (Number(probe.stdout) as DumpVersion) : undefined;
/** Counts as skipped where Python's execnet is not installed. */
const withPython = version === undefined ? test.skip : test;

function ask(lines: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(PYTHON, ['-c', ORACLE], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  strictEqual(status, 0, stderr);
  return stdout.trimEnd().split('\n');
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const dump = (value: unknown): string => hex(dumps(value, { version: version as DumpVersion }));

const COUNTERPARTS: [python: string, value: unknown][] = [
  ['None', null],
  ['True', true],
  ['False', false],
  ['0', 0],
  ['-1', -1],
  ['2**31 - 1', 2 ** 31 - 1],
  ['-2**31', -(2 ** 31)],
  ['2**31', 2 ** 31],
  ['2**53 - 1', Number.MAX_SAFE_INTEGER],
  ['2**53', 2n ** 53n],
  ['10**100', 10n ** 100n],
  ['1.5', 1.5],
  ['1.0', new Float(1)],
  ['float("inf")', Infinity],
  ['float("nan")', Number.NaN],
  ['1e300', 1e300],
  ['1 - 2j', new Complex(1, -2)],
  ['""', ''],
  ['"caf\\u00e9 \\U0001f600"', 'café 😀'],
  ['"x" * 5000', 'x'.repeat(5000)],
  ['b""', new Uint8Array()],
  ['bytes(range(256)) * 100', Uint8Array.from({ length: 25_600 }, (_, i) => i % 256)],
  ['[]', []],
  ['[1, [2, [None]], "a"]', [1, [2, [null]], 'a']],
  ['()', new Tuple()],
  ['(1, (2,), [3])', new Tuple(1, new Tuple(2), [3])],
  ['{}', {}],
  ['{"a": 1, "b": {"c": [True]}}', { a: 1, b: { c: [true] } }],
  [
    '{1: 2, None: 3, (1, 2): 4}',
    new Map<unknown, unknown>([
      [1, 2],
      [null, 3],
      [new Tuple(1, 2), 4],
    ]),
  ],
  ['set()', new Set()],
  ['{"a"}', new Set(['a'])],
  ['frozenset({1})', new FrozenSet([1])],
  ['{frozenset(): {()}}', new Map([[new FrozenSet(), new Set([new Tuple()])]])],
];

withPython('the bytes are those of Python for every counterpart', () => {
  const answers = ask(COUNTERPARTS.map(([python]) => `= ${python}`));
  for (const [i, [python, value]] of COUNTERPARTS.entries()) strictEqual(dump(value), answers[i], python);
});

withPython('what Python dumps loads as the counterpart', () => {
  const answers = ask(COUNTERPARTS.map(([python]) => `= ${python}`));
  for (const [i, [python, value]] of COUNTERPARTS.entries()) {
    const loaded = loads(Buffer.from(answers[i] as string, 'hex'));
    deepStrictEqual(loaded, value instanceof Float ? value.value : value, python);
  }
});

withPython('Python loads ints below the 32-bit range, which it can not dump', () => {
  for (const value of [-(2 ** 31) - 1, -(2 ** 53) + 1, -(10n ** 30n)]) {
    const [answer] = ask([`= execnet.loads(bytes.fromhex("${dump(value)}")) == ${value}`]);
    strictEqual(answer, dump(true));
  }
});

withPython('Python loads any value, and dumps the same bytes again', () => {
  const key = fc.oneof(fc.string(), fc.integer({ min: -(2 ** 31) }), fc.constant(null));
  const leaf = fc.oneof(
    fc.constantFrom(null, true, false),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.maxSafeNat(),
    // Python loads such ints, but can not dump them.
    fc.double().filter((number) => !(Number.isSafeInteger(number) && number < -(2 ** 31))),
    fc.bigInt({ min: 0n, max: 2n ** 200n }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.tuple(fc.double(), fc.double()).map(([real, imag]) => new Complex(real, imag)),
    fc.double().map((value) => new Float(value)),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => Tuple.from(items)),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
      // Python's order of a set of more is its own.
      fc.array(key, { maxLength: 1 }).map((items) => new Set(items)),
      fc.array(key, { maxLength: 1 }).map((items) => new FrozenSet(items)),
    ),
  }));
  const dumped = fc.sample(value, 1500).map(dump);
  const answers = ask(dumped);
  for (const [i, bytes] of dumped.entries()) {
    strictEqual(answers[i], bytes);
  }
});

test.run();
