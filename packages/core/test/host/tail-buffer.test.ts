import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TailBuffer } from '../../src/host/tail-buffer.ts';

test('the last bytes are kept, however they come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary-ascii', maxLength: 50 })),
      fc.integer({ min: 1, max: 60 }),
      (parts, limit) => {
        const tail = new TailBuffer(limit);
        for (const part of parts) tail.push(Buffer.from(part));
        assert.is(tail.toString(), parts.join('').slice(-limit));
      },
    ),
  );
});

test.run();
