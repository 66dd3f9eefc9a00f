import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import { itemPart, itemSize, wholeItem } from '../../src/channel/item.ts';

const bytes = (size: number, from = 0): Uint8Array => new Uint8Array(size).map((_, at) => from + at);

test('the parts of an item are one behind the other, however they are cut', () => {
  const whole = bytes(60);
  const item = [whole.subarray(0, 5), whole.subarray(5, 5), whole.subarray(5, 58), whole.subarray(58)];
  strictEqual(itemSize(item), 60);
  deepStrictEqual(wholeItem(item), whole);
  for (let from = 0; from < 60; from++)
    for (let to = from + 1; to <= 60; to++)
      deepStrictEqual(itemPart(item, from, to), whole.subarray(from, to).slice(), `${from} to ${to}`);
});

test('something large is not copied: less is given instead', () => {
  const body = bytes(40_000);
  const item = [bytes(5), body, bytes(1)];
  const inside = itemPart(item, 1005, 31_005);
  strictEqual(inside.buffer, body.buffer);
  strictEqual(inside.byteOffset, 1000);
  strictEqual(inside.length, 30_000);
  const last = itemPart(item, 1005, 40_006);
  strictEqual(last.buffer, body.buffer);
  strictEqual(last.length, 39_000);
  // what is small may be copied, so that no frame is for a byte or two
  const rest = itemPart(item, 39_005, 40_006);
  ok(rest.buffer !== body.buffer);
  strictEqual(rest.length, 1001);
});

test.run();
