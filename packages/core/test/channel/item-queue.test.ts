import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ItemQueue, PACK_LIMIT } from '../../src/channel/item-queue.ts';
import { HEADER_SIZE } from '../../src/wire/index.ts';

/** An item that tells its number and size. */
function item(n: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(n & 255);
}

test('items come out in order, whole, with what they had cost, however pushes and shifts mix', () => {
  const sizes = fc.constantFrom(0, 1, 7, 500, 1011, 4094, 4096, 16381, 16382, 16383, PACK_LIMIT, 70_000);
  const steps = fc.array(
    fc.oneof(fc.record({ size: sizes, fragments: fc.nat(2) }), fc.constant('shift' as const)),
    {
      maxLength: 300,
    },
  );
  fc.assert(
    fc.property(fc.array(steps, { minLength: 1, maxLength: 2 }), (runs) => {
      // two queues at a time: they share the segments that are free
      const queues = runs.map(() => ({ queue: new ItemQueue(), expected: [] as [number, number, number][] }));
      let n = 0;
      for (let i = 0; i < Math.max(...runs.map((run) => run.length)); i++) {
        for (const [which, { queue, expected }] of queues.entries()) {
          const step = runs[which]?.[i];
          if (step === undefined) continue;
          if (step !== 'shift') {
            // an empty item never comes in parts
            const cost = step.size + HEADER_SIZE * (step.size === 0 ? 1 : 1 + step.fragments);
            queue.push(item(++n, step.size), cost, false);
            expected.push([n, step.size, cost]);
          } else if (expected.length > 0) {
            const [number, size, cost] = expected.shift() as [number, number, number];
            const got = queue.first();
            assert.is(Buffer.compare(got, item(number, size)), 0);
            queue.spent = 0;
            queue.drop();
            assert.is(queue.spent, cost);
          }
          assert.is(queue.length, expected.length);
        }
      }
      for (const { queue, expected } of queues) {
        for (const [number, size] of expected) {
          assert.is(Buffer.compare(queue.first(), item(number, size)), 0);
          queue.drop();
        }
        assert.is(queue.length, 0);
      }
    }),
    { numRuns: 200 },
  );
});

test('an item that is kept as it is belongs to the queue alone, and any other is copied', () => {
  const queue = new ItemQueue();
  const shared = item(1, 100);
  const owned = item(2, 50_000);
  queue.push(shared, shared.length + HEADER_SIZE, false);
  queue.push(owned, owned.length + HEADER_SIZE, true);
  shared.fill(9);
  assert.equal(queue.first(), item(1, 100));
  assert.equal(queue.first(), item(1, 100), 'it is there till it is dropped');
  queue.drop();
  assert.is(queue.first(), owned);
  queue.drop();
});

test('what is cleared is gone', () => {
  const queue = new ItemQueue();
  for (let n = 0; n < 100; n++) queue.push(item(n, 1000), 1000 + HEADER_SIZE, false);
  queue.clear();
  assert.is(queue.length, 0);
  queue.push(item(7, 3), 3 + HEADER_SIZE, false);
  assert.equal(queue.first(), item(7, 3));
});

test.run();
