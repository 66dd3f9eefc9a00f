import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'uvu';
import { LoadError } from '../../src/errors/index.ts';
import {
  Complex,
  execnetFormat,
  FrozenSet,
  msgpack,
  type Serializer,
  Tuple,
} from '../../src/serializer/index.ts';

/** The same numbers in each run (mulberry32), so that a failure can be looked at again. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function refused(serializer: Serializer, data: Uint8Array): LoadError {
  try {
    serializer.load(data);
  } catch (error) {
    ok(error instanceof LoadError, `${Buffer.from(data).toString('hex')}: ${String(error)}`);
    return error;
  }
  throw new Error(`it was loaded: ${Buffer.from(data).toString('hex')}`);
}

const HOSTILE_MSGPACK: Record<string, string> = {
  'no bytes at all': '',
  'an array of four thousand million elements': 'dd ffffffff 00',
  'a map of as many': 'df ffffffff a1 61 00',
  'a string of as many bytes': 'db ffffffff 00',
  'bytes of as many': 'c6 ffffffff 00',
  'nested arrays that each claim all that is left': `${'dc0010'.repeat(8)}${'00'.repeat(15)}`,
  'a value that is cut off': '92 01',
  'a length that is cut off': 'dc 01',
  'bytes behind the value': 'c0 c0',
  'an extension of msgpackr: an error named valueOf': 'd4 65 00 93 a7 76616c75654f66 a1 78 c0',
  'an extension of msgpackr: a reference': 'd6 70 00000001',
  'an extension of msgpackr: bundled strings': 'd6 62 00000001 00',
  'an extension of msgpackr: undefined': 'd4 00 00',
  'a time stamp': 'd6 ff 00000000',
  'a long extension': 'c7 ff 01',
  'a key named __proto__': '81 a9 5f5f70726f746f5f5f 81 a1 61 01',
  'a record with the key __proto__': 'd4 72 40 91 a9 5f5f70726f746f5f5f 01',
  'a key that is a number': '81 01 01',
  'a key that is an array': '81 90 01',
  'a record without keys': 'd4 72 40 90',
  'a record with too many keys': `d4 72 40 dc 0100 ${'a161'.repeat(256)} ${'00'.repeat(256)}`,
  'a record with an id out of range': 'd4 72 ff 91 a1 61 01',
  'a record whose keys are no strings': 'd4 72 40 91 01 01',
  'a record that is cut off': 'd4 72 40 92 a1 61 a1 62 01',
  'a mark inside an unmarked message': '91 c1',
  'a mark alone': 'c1',
  'two marks': 'c1 c1',
  'a mark outside of a tag': 'c1 92 00 c1',
  'an unknown tag': 'c1 92 c1 3f',
  'a tag that is a string': 'c1 92 c1 a1 61',
  'a tag without its arguments': 'c1 92 c1 03',
  'a reference to what is not there': 'c1 93 c1 02 05',
  'a reference to nothing': 'c1 93 c1 02 ff',
  'an empty slot outside of an array': 'c1 92 c1 01',
  'a bigint that is none': 'c1 94 c1 03 c2 a1 78',
  'a string of half a code unit': 'c1 93 c1 04 c4 01 61',
  'a map with a key and no value': 'c1 93 c1 07 01',
  'a date that is a string': 'c1 93 c1 09 a1 61',
  'a regular expression that is none': 'c1 94 c1 0a a1 28 a0',
  'flags of a regular expression that are none': 'c1 94 c1 0a a1 61 a1 7a',
  'an error of an unknown class': 'c1 97 c1 0b 3f a1 61 a1 62 90 90',
  'an error whose properties are no list': 'c1 97 c1 0b 00 a1 61 a1 62 80 90',
  'an error with half a property': 'c1 97 c1 0b 00 a1 61 a1 62 91 a1 61 90',
  'a boxed object': 'c1 93 c1 0c 80',
  'an unknown typed array': 'c1 94 c1 0f 3f c4 00',
  'a typed array of half an element': 'c1 94 c1 0f 03 c4 01 00',
  'a typed array of a string': 'c1 94 c1 0f 03 a1 61',
  'a sparse array of negative length': 'c1 93 c1 06 ff',
  'a sparse array with a key and no value': 'c1 94 c1 06 01 a1 30',
  'a sparse array with an element beyond its length': 'c1 95 c1 06 01 a1 35 01',
  'a sparse array with a length for a property': 'c1 95 c1 06 01 a6 6c656e677468 05',
  'an object with a key that is a number': 'c1 94 c1 05 01 01',
  'a buffer that could grow without end': 'c1 94 c1 0d c4 01 00 cb 43e0000000000000',
  'a channel in a value that belongs to no gateway': 'c1 93 c1 10 01',
};

for (const [title, hex] of Object.entries(HOSTILE_MSGPACK)) {
  test(`msgpack: ${title} is a LoadError`, () => {
    refused(msgpack(), bytes(hex));
  });
}

const HOSTILE_EXECNET: Record<string, string> = {
  'no bytes at all': '',
  'no value': '51',
  'two values': '4c4c51',
  'no end': '4c',
  'bytes behind the end': '4c51 00',
  'an unknown opcode': '7a51',
  'a list of two thousand million elements': '4b 7fffffff 51',
  'a list of negative length': '4b ffffffff 51',
  'nested lists that each claim all that is left': `${'4b00000002'.repeat(3)}${'4600000000 4c 50'.repeat(2)} 51`,
  'a string that is longer than the bytes': '4e 7fffffff 51',
  'a string that is no UTF-8': '4e 00000001 ff 51',
  'bytes of negative length': '41 ffffffff 51',
  'an int without digits': '48 00000000 51',
  'an int that is a word': '48 00000003 782b31 51',
  'a float that is cut off': '44 00 51',
  'a tuple of more items than there are': '4c 40 00000002 51',
  'a set of negative size': '4c 4f ffffffff 51',
  'an item for no container': '4c 50 51',
  'an item for an int': '4600000001 4600000001 4c 50 51',
  'an item for a tuple': '4c 40 00000001 4600000000 4c 50 51',
  'an index out of range': '4b 00000001 4600000001 4c 50 51',
  'a negative index': '4b 00000001 46ffffffff 4c 50 51',
  'an index that is a string': '4b 00000001 4e00000001 30 4c 50 51',
  'a channel in a value that belongs to no gateway': '42 00000001 51',
};

for (const [title, hex] of Object.entries(HOSTILE_EXECNET)) {
  test(`execnet's format: ${title} is a LoadError`, () => {
    refused(execnetFormat(), bytes(hex));
  });
}

test('what is nested too deep is a LoadError in both formats, even if it is very deep', () => {
  const depth = 100_000;
  refused(msgpack(), bytes(`${'91'.repeat(depth)}00`));
  refused(msgpack(), bytes(`${'81a161'.repeat(depth)}00`));
  refused(msgpack(), bytes(`c1${'93c107'.repeat(depth)}00`));
  const index = '4600000000';
  refused(execnetFormat(), bytes(`${`4b00000001${index}`.repeat(depth)}4c${'50'.repeat(depth)}51`));
  refused(execnetFormat(), bytes(`4c${'4000000001'.repeat(depth)}51`));
});

test('what is too large is a LoadError in both formats', () => {
  for (const make of [msgpack, execnetFormat]) {
    const data = make().dump(new Uint8Array(1000));
    refused(make({ maxPayload: 999 }), data);
  }
});

test('a key named __proto__ in a dict of Python is a property like any other', () => {
  const result = execnetFormat().load(
    bytes('4a 4e00000009 5f5f70726f746f5f5f 4a 4e00000001 61 52 50 50 51'),
  ) as object;
  deepStrictEqual(Object.keys(result), ['__proto__']);
  strictEqual(Object.getPrototypeOf(result), Object.prototype);
});

test('loading goes on after a hostile message', () => {
  const serializer = msgpack();
  const records = Array.from({ length: 30 }, (_, n) => ({ n, text: 'y' }));
  const good = serializer.dump(records);
  for (const hex of Object.values(HOSTILE_MSGPACK)) {
    refused(serializer, bytes(hex));
    deepStrictEqual(serializer.load(good), records);
  }
});

const cyclic: unknown[] = [1];
cyclic.push(cyclic, { cyclic });
const SEEDS: unknown[] = [
  { id: 1, name: 'x', list: [1, 2.5, null, true, 'é'], data: new Uint8Array(5) },
  Array.from({ length: 20 }, (_, i) => ({ i, text: `t${i}`, nested: { a: [i] } })),
  [
    new Tuple(1, 'a'),
    new FrozenSet([1, 2]),
    new Set(['x']),
    new Complex(1, 2),
    new Map<unknown, unknown>([[1, 2]]),
    2 ** 40,
    -1n,
  ],
];
const MSGPACK_SEEDS: unknown[] = [
  ...SEEDS,
  cyclic,
  [
    new Date(5),
    /a/g,
    new Map([[{}, new Set([undefined])]]),
    new Error('e', { cause: new TypeError('t') }),
    Object('s'),
  ],
  [
    new Float64Array(3),
    new ArrayBuffer(4),
    new DataView(new ArrayBuffer(4)),
    2n ** 80n,
    '\ud800',
    Object.assign(Array(3), { 0: 1, 2: 3 }),
    Object.assign([1], { a: 1 }),
  ],
  { big: new Uint8Array(17_000), text: 'x'.repeat(300) },
];

function fuzz(serializer: Serializer, seeds: readonly unknown[], rounds: number): void {
  const random = randomNumbers(20_240_501);
  const below = (n: number): number => Math.floor(random() * n);
  const messages = seeds.map((seed) => serializer.dump(seed).slice());
  let loaded = 0;
  for (let round = 0; round < rounds; round++) {
    const message = (messages[below(messages.length)] as Uint8Array).slice();
    const changes = 1 + below(4);
    let data = message;
    for (let i = 0; i < changes; i++) {
      const at = below(Math.min(data.length, 400));
      const kind = below(5);
      if (kind === 0) data[at] = below(256);
      else if (kind === 1) data[at] = (data[at] as number) ^ (1 << below(8));
      else if (kind === 2) data = data.slice(0, at);
      else if (kind === 3) data = Uint8Array.of(...data.subarray(0, at), below(256), ...data.subarray(at));
      else data.copyWithin(at, below(data.length), below(data.length));
      if (data.length === 0) break;
    }
    try {
      serializer.load(data);
      loaded += 1;
    } catch (error) {
      ok(error instanceof LoadError, `${Buffer.from(data).toString('hex')}: ${String(error)}`);
    }
  }
  ok(loaded > 0 && loaded < rounds, 'the changes are neither all harmless nor all fatal');
  strictEqual(({} as { polluted?: unknown }).polluted, undefined);
}

test('msgpack: 12,000 damaged messages give a value or a LoadError', () => {
  fuzz(msgpack({ maxPayload: 1 << 20 }), MSGPACK_SEEDS, 12_000);
});

test("execnet's format: 12,000 damaged messages give a value or a LoadError", () => {
  fuzz(execnetFormat({ maxPayload: 1 << 20 }), SEEDS, 12_000);
});

test('random bytes give a value or a LoadError', () => {
  const random = randomNumbers(7);
  for (const serializer of [msgpack(), execnetFormat()]) {
    for (let round = 0; round < 20_000; round++) {
      const data = Uint8Array.from({ length: 1 + Math.floor(random() * 24) }, () => random() * 256);
      if (round % 2 === 0) data[0] = serializer.name === 'msgpack' ? 0xc1 : 0x4b;
      try {
        serializer.load(data);
      } catch (error) {
        ok(error instanceof LoadError, `${Buffer.from(data).toString('hex')}: ${String(error)}`);
      }
    }
  }
});

test('what a channel codec throws is a LoadError with that cause', () => {
  const cause = new Error('no such channel');
  const channels = {
    idOf: () => 1,
    fromId: () => {
      throw cause;
    },
  };
  class Channel {}
  for (const serializer of [msgpack(), execnetFormat()]) {
    const data = serializer.dump(new Channel(), channels);
    throws(
      () => serializer.load(data, channels),
      (error: unknown) => error instanceof LoadError && error.cause === cause,
    );
  }
});

test.run();
