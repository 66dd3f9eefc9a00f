import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Backlog } from '../../src/remote/backlog.ts';

test('what is pushed is taken in order, in pieces of any size', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 200_000 }) }),
    fc.record({ take: fc.nat(300_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const backlog = new Backlog();
      let expected = Buffer.alloc(0);
      for (const step of steps) {
        if ('push' in step) {
          backlog.push(step.push);
          expected = Buffer.concat([expected, step.push]);
          continue;
        }
        const front = backlog.front();
        const size = Math.min(step.take, front.length);
        assert.ok(Buffer.from(front).equals(expected.subarray(0, front.length)));
        backlog.take(size);
        expected = expected.subarray(size);
      }
      while (!backlog.empty) {
        const front = backlog.front();
        assert.ok(front.length > 0);
        assert.ok(Buffer.from(front).equals(expected.subarray(0, front.length)));
        backlog.take(front.length);
        expected = expected.subarray(front.length);
      }
      assert.is(expected.length, 0);
      assert.is(backlog.front().length, 0);
    }),
    { numRuns: 50 },
  );
});

test('what is pushed is copied', () => {
  const backlog = new Backlog();
  const bytes = new Uint8Array([1, 2, 3]);
  backlog.push(bytes);
  bytes.fill(9);
  assert.equal([...backlog.front()], [1, 2, 3]);
});

test('a million small pieces are taken in a moment', () => {
  const backlog = new Backlog();
  const piece = new Uint8Array(9);
  for (let n = 0; n < 1_000_000; n++) backlog.push(piece);
  let taken = 0;
  let rounds = 0;
  for (; !backlog.empty; rounds++) {
    const { length } = backlog.front();
    taken += length;
    backlog.take(length);
  }
  assert.is(taken, 9_000_000);
  assert.ok(rounds < 200, 'in large pieces');
});

test.run();
