import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'uvu';
import {
  Code,
  codeName,
  encodeFrame,
  HEADER_SIZE,
  int32Payload,
  MAX_CODE,
  readInt32,
  writeHeader,
} from '../../src/wire/index.ts';

const table: [code: number, id: number, payload: number[], bytes: number[]][] = [
  [Code.STATUS, 1, [], [0, 0, 0, 0, 1, 0, 0, 0, 0]],
  [Code.CHANNEL_DATA, 0x01020304, [0xc0], [4, 1, 2, 3, 4, 0, 0, 0, 1, 0xc0]],
  [Code.CREDIT, 0x7fffffff, [0, 0, 32, 0], [9, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 4, 0, 0, 32, 0]],
  [Code.GOODBYE, 0, [0, 0, 0, 3], [16, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3]],
];
for (const [code, id, payload, bytes] of table) {
  test(`${codeName(code)} on channel ${id} is written as the protocol says`, () => {
    deepStrictEqual([...encodeFrame(code, id, Uint8Array.from(payload))], bytes);
  });
}

test('a header is written where the caller says and nowhere else', () => {
  const target = new Uint8Array(HEADER_SIZE + 4).fill(0xaa);
  writeHeader(target, 2, 5, 0x7ffffffe, 0x00010203);
  deepStrictEqual([...target], [0xaa, 0xaa, 5, 0x7f, 0xff, 0xff, 0xfe, 0, 1, 2, 3, 0xaa, 0xaa]);
});

test('an int32 is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
      strictEqual(readInt32(int32Payload(value), 0), value);
    }),
  );
});

test('a uint32 keeps its bits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      strictEqual(readInt32(int32Payload(value), 0) >>> 0, value);
    }),
  );
});

test('codes are numbered without gaps, and every one has a name', () => {
  const codes = Object.values(Code).sort((a, b) => a - b);
  deepStrictEqual(
    codes,
    Array.from({ length: MAX_CODE + 1 }, (_, code) => code),
  );
  for (const [name, code] of Object.entries(Code)) strictEqual(codeName(code), name);
  strictEqual(codeName(MAX_CODE + 1), `code ${MAX_CODE + 1}`);
});

test.run();
