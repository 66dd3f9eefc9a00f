import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import { sharedCopy } from '../../src/remote/shared-copy.ts';

const memories = {
  shared: (size: number) => new Uint8Array(new SharedArrayBuffer(size)),
  ordinary: (size: number) => new Uint8Array(size),
};

for (const [from, source] of Object.entries(memories)) {
  for (const [to, target] of Object.entries(memories)) {
    test(`copies from ${from} to ${to} memory, and nothing beside`, () => {
      for (const size of [0, 1, 7, 511, 512, 513, 65_536, 100_003]) {
        for (const at of [0, 3, 8]) {
          const bytes = source(size + 5).subarray(5);
          for (let i = 0; i < size; i++) bytes[i] = 1 + (i % 251);
          const whole = target(size + 20);
          // a view that begins inside its memory, as those of a ring do
          sharedCopy(whole.subarray(2), at, bytes);
          const expected = new Uint8Array(size + 20);
          expected.set(bytes, at + 2);
          deepStrictEqual(Uint8Array.from(whole), expected, `${size} bytes at ${at}`);
        }
      }
    });
  }
}

test.run();
