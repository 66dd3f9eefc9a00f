import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'uvu';
import { Code, encodeFrame, FrameDecoder, HEADER_SIZE, MAX_CODE, MAX_FRAME } from '../../src/wire/index.ts';
import { failure } from '../spec/failure.ts';
import { anyFrames, concat, cut, decode, encodeAll, type Frame, frame } from './frames.ts';

const few = [
  frame(Code.CHANNEL_DATA, 1, [1, 2, 3]),
  frame(Code.STATUS, 7),
  frame(Code.CHANNEL_DATA, 0x7fffffff, [4]),
  frame(Code.CHANNEL_CLOSE, 1),
];

test('frames in one chunk come out as they went in', () => {
  deepStrictEqual(decode([encodeAll(few)]), few);
});

test('a cut at any two places changes nothing', () => {
  const bytes = encodeAll(few);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      deepStrictEqual(decode(cut(bytes, [first, second])), few, `cut at ${first} and ${second}`);
    }
  }
});

test('frames that arrive byte by byte come out as they went in', () => {
  deepStrictEqual(decode(Array.from(encodeAll(few), (byte) => Uint8Array.of(byte))), few);
});

test('any frames survive any cuts', () => {
  fc.assert(
    fc.property(anyFrames, fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
      deepStrictEqual(decode(cut(encodeAll(frames), places)), frames);
    }),
    { numRuns: 200 },
  );
});

test('payloads that are read straight into their place come out as they went in', () => {
  fc.assert(
    fc.property(anyFrames, fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
      const decoded: Frame[] = [];
      const decoder = new FrameDecoder(
        (code, id, payload) => decoded.push(frame(code, id, payload)),
        // some have a place, as long as they are; others grow in memory of the decoder's own
        { target: (_code, id, length) => (id % 2 === 0 ? new Uint8Array(length) : undefined) },
      );
      for (const chunk of cut(encodeAll(frames), places)) {
        let at = 0;
        for (let { space } = decoder; space && at < chunk.length; { space } = decoder) {
          const part = chunk.subarray(at, at + space.length);
          space.set(part);
          at += part.length;
          decoder.filled(part.length);
        }
        decoder.push(chunk.subarray(at));
      }
      deepStrictEqual(decoded, frames);
    }),
    { numRuns: 200 },
  );
});

test('an empty chunk is nothing', () => {
  deepStrictEqual(decode([new Uint8Array(0), encodeAll(few), new Uint8Array(0)]), few);
});

test('a payload that lies in one chunk is a view of it, one that spans chunks is owned', () => {
  const seen: boolean[] = [];
  const decoder = new FrameDecoder((_code, _id, payload, owned) => {
    seen.push(owned, payload.buffer === chunk.buffer);
  });
  const chunk = encodeFrame(Code.CHANNEL_DATA, 1, new Uint8Array(100));
  decoder.push(chunk);
  decoder.push(chunk.subarray(0, 50));
  decoder.push(chunk.subarray(50));
  deepStrictEqual(seen, [false, true, true, false]);
});

test('midFrame tells whether the end of the stream would cut a frame', () => {
  const bytes = encodeFrame(Code.CHANNEL_DATA, 1, Uint8Array.of(1, 2));
  for (let at = 0; at <= bytes.length; at++) {
    const decoder = new FrameDecoder(() => {});
    decoder.push(bytes.subarray(0, at));
    strictEqual(decoder.midFrame, at > 0 && at < bytes.length, `after ${at} bytes`);
  }
});

test('stop() leaves what follows the frame at hand in rest', () => {
  const bytes = encodeAll(few);
  const seen: number[] = [];
  const decoder = new FrameDecoder((code) => {
    seen.push(code);
    decoder.stop();
  });
  decoder.push(bytes);
  deepStrictEqual(seen, [Code.CHANNEL_DATA]);
  deepStrictEqual(decode([decoder.rest]), few.slice(1));
});

test('drain() goes on after stop(), and tells whether there was anything', () => {
  const seen: number[] = [];
  const decoder = new FrameDecoder((code) => {
    seen.push(code);
    if (seen.length === 2) decoder.stop();
  });
  decoder.push(encodeAll(few));
  strictEqual(decoder.drain(), true);
  deepStrictEqual(
    seen,
    few.map(({ code }) => code),
  );
  strictEqual(decoder.drain(), false);
  strictEqual(decoder.rest.length, 0);
});

test('a handler that drains gets the frames that follow, each once, in order', () => {
  const seen: number[] = [];
  const decoder = new FrameDecoder((_code, id) => {
    seen.push(id);
    // as a handler does that blocks until the next frame
    if (id === 1 || id === 3) decoder.drain();
    seen.push(-id);
  });
  const nested = [1, 2, 3, 4].map((id) => frame(Code.CHANNEL_DATA, id, [id]));
  decoder.push(encodeAll(nested));
  deepStrictEqual(seen, [1, 2, -2, 3, 4, -4, -3, -1]);
});

test('a handler that drains may reach the middle of a frame', () => {
  const seen: string[] = [];
  const decoder = new FrameDecoder((_code, id, payload) => {
    seen.push(`${id}:${payload.join()}`);
    if (id === 1) decoder.drain();
  });
  const bytes = encodeAll([frame(Code.CHANNEL_DATA, 1, [1]), frame(Code.CHANNEL_DATA, 2, [2, 3, 4])]);
  decoder.push(bytes.slice(0, -2));
  decoder.push(bytes.slice(-2));
  deepStrictEqual(seen, ['1:1', '2:2,3,4']);
});

const hostile: [title: string, header: number[], message: RegExp][] = [
  ['an unknown code', [MAX_CODE + 1, 0, 0, 0, 1, 0, 0, 0, 0], /unknown code 19/],
  ['a code with the sign bit', [0xff, 0, 0, 0, 1, 0, 0, 0, 0], /unknown code 255/],
  ['a negative channel id', [4, 0x80, 0, 0, 0, 0, 0, 0, 0], /negative channel id -2147483648/],
  [
    'a negative length',
    [4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
    /CHANNEL_DATA announces a payload of 4294967295 bytes/,
  ],
  ['a length above the limit', [4, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff], /2147483647 bytes/],
];
for (const [title, header, message] of hostile) {
  test(`${title} is a ProtocolError, however the header is cut`, () => {
    for (let at = 0; at <= HEADER_SIZE; at++) {
      const decoder = new FrameDecoder(() => ok(false, 'a frame was handed over'));
      const error = failure(() => {
        for (const chunk of cut(Uint8Array.from(header), [at])) decoder.push(chunk);
      });
      strictEqual(error.code, 'ERR_EXECNET_PROTOCOL');
      ok(message.test(error.message), error.message);
    }
  });
}

test('what comes before a bad header is handed over', () => {
  const seen: number[] = [];
  const decoder = new FrameDecoder((code) => seen.push(code));
  const bad = Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0);
  strictEqual(failure(() => decoder.push(concat([encodeAll(few), bad]))).code, 'ERR_EXECNET_PROTOCOL');
  strictEqual(seen.length, few.length);
});

test('the limit is the largest payload that is accepted', () => {
  const sizes: number[] = [];
  const decoder = new FrameDecoder((_code, _id, payload) => sizes.push(payload.length), { maxPayload: 10 });
  decoder.push(encodeFrame(Code.HELLO, 0, new Uint8Array(10)));
  deepStrictEqual(sizes, [10]);
  const error = failure(() => decoder.push(encodeFrame(Code.HELLO, 0, new Uint8Array(11))));
  ok(/11 bytes; at most 10/.test(error.message), error.message);
});

test('data has a limit of its own, in every form', () => {
  const sizes: number[] = [];
  const decoder = (): FrameDecoder =>
    new FrameDecoder((_code, _id, payload) => sizes.push(payload.length), { maxData: 10 });
  for (const code of [Code.CHANNEL_DATA, Code.FRAGMENT_FIRST, Code.FRAGMENT]) {
    decoder().push(encodeFrame(code, 1, new Uint8Array(10)));
    const error = failure(() => decoder().push(encodeFrame(code, 1, new Uint8Array(11))));
    ok(/ announces a payload of 11 bytes; at most 10 /.test(error.message), error.message);
  }
  decoder().push(encodeFrame(Code.CHANNEL_EXEC, 1, new Uint8Array(11)));
  deepStrictEqual(sizes, [10, 10, 10, 11]);
});

test('a header that announces the most there may be reserves next to nothing', () => {
  const header = encodeFrame(Code.CHANNEL_EXEC, 1);
  new DataView(header.buffer).setInt32(5, MAX_FRAME);
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 64 }, () => {
    const decoder = new FrameDecoder(() => {});
    decoder.push(header);
    decoder.push(Uint8Array.of(1));
    return decoder;
  });
  const grown = process.memoryUsage().arrayBuffers - before;
  ok(grown < 16 * 1024 * 1024, `${decoders.length} decoders took ${grown} bytes`);
  ok(decoders.every((decoder) => decoder.midFrame));
});

test('mutated frames are frames or a ProtocolError, and nothing else', () => {
  const mutation = fc.record({ at: fc.nat(), value: fc.nat(255) });
  fc.assert(
    fc.property(
      anyFrames,
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (frames, mutations, places) => {
        const bytes = encodeAll(frames);
        if (bytes.length === 0) return;
        for (const { at, value } of mutations) bytes[at % bytes.length] = value;
        let whole: unknown;
        let parts: unknown;
        try {
          whole = decode([bytes]);
        } catch (error) {
          strictEqual((error as { code?: string }).code, 'ERR_EXECNET_PROTOCOL');
        }
        try {
          parts = decode(cut(bytes, places));
        } catch (error) {
          strictEqual((error as { code?: string }).code, 'ERR_EXECNET_PROTOCOL');
        }
        deepStrictEqual(parts, whole);
      },
    ),
    { numRuns: 300 },
  );
});

test.run();
