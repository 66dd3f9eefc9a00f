import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Prefixed } from '../../src/gateway/prefixed.ts';

/** What comes of pieces, and of the end behind them. */
function prefixed(pieces: readonly Uint8Array[]): { before: string; all: string } {
  const written: Uint8Array[] = [];
  const lines = new Prefixed('[gw3] ', (bytes) => written.push(bytes));
  for (const piece of pieces) {
    const reused = Uint8Array.from(piece);
    lines.take(reused);
    reused.fill(0);
  }
  const before = Buffer.concat(written).toString();
  lines.end();
  return { before, all: Buffer.concat(written).toString() };
}

test('each line gets the prefix, whatever the pieces are that it comes in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[ab é\n]{0,20}$/)),
      fc.array(fc.nat(5), { minLength: 1 }),
      (texts, sizes) => {
        const bytes = Buffer.from(texts.join(''));
        const pieces: Uint8Array[] = [];
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const size = 1 + (sizes[n % sizes.length] as number);
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        const { before, all } = prefixed(pieces);
        const text = bytes.toString();
        const lines = text.split('\n');
        const last = lines.pop();
        const whole = lines.map((line) => `[gw3] ${line}\n`).join('');
        assert.is(before, whole);
        assert.is(all, last === '' ? whole : `${whole}[gw3] ${last}\n`);
      },
    ),
  );
});

test('a line that does not end is cut, and takes no more memory', () => {
  const piece = new Uint8Array(10_000).fill(97);
  const { all } = prefixed(Array.from({ length: 100 }, () => piece));
  const lines = all.split('\n').slice(0, -1);
  assert.is(lines.map((line) => line.replace('[gw3] ', '')).join('').length, 1_000_000);
  for (const line of lines) assert.ok(line.length < 80_000);
});

test.run();
