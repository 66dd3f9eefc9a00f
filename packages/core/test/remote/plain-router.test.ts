import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { channelsIn } from '../../src/remote/plain/channels-in.ts';
import { PlainRouter } from '../../src/remote/plain/plain-router.ts';
import type { Route } from '../../src/remote/router.ts';
import { execnetFormat } from '../../src/serializer/execnet-format.ts';
import { Code, encodeFrame, FrameDecoder, int32Payload } from '../../src/wire/index.ts';

class Channel {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

const format = execnetFormat();

const item = (value: unknown): Uint8Array =>
  format.dump(value, {
    idOf: (one) => (one instanceof Channel ? one.id : undefined),
    fromId: () => undefined,
  });

/** A thread that keeps what it is given. */
class Thread {
  readonly frames: [code: number, id: number, payload: number[]][] = [];
  readonly #decoder = new FrameDecoder((code, id, payload) => this.frames.push([code, id, [...payload]]));
  readonly route: Route = {
    write: (bytes) => this.#decoder.push(bytes),
    insert: (frame) => this.#decoder.push(frame),
  };
}

test('channels are found wherever they stand in an item, and nowhere else', () => {
  for (const [value, ids] of [
    [new Channel(7), [7]],
    [
      [1, [new Channel(1), 'B\0\0\0\u0007'], { a: new Channel(3) }],
      [1, 3],
    ],
    [['B\0\0\0\u0007', new Uint8Array([66, 0, 0, 0, 7]), 10n ** 40n, 1.5, null, true], []],
    [new Map<unknown, unknown>([[2, new Set([new Channel(9)])]]), [9]],
  ] as const)
    assert.equal(channelsIn(item(value)), ids);
});

test('where bytes are no value the search stops', () => {
  for (const bytes of [
    [],
    [255],
    [66, 0, 0],
    [66, 255, 255, 255, 255],
    [78, 127, 255, 255, 255],
    [78, 255, 255, 255, 255],
  ])
    assert.equal(channelsIn(Uint8Array.from(bytes)), []);
});

test('who gets an item with a channel is told so before it, and gets what comes for that channel', () => {
  const router = new PlainRouter({ control: () => {} });
  const [one, two] = [new Thread(), new Thread()];
  router.bind(1, one.route);
  router.bind(3, two.route);
  const carrying = item([new Channel(5)]);
  const frames = [
    encodeFrame(Code.CHANNEL_DATA, 5, item('too early')),
    encodeFrame(Code.CHANNEL_DATA, 3, carrying),
    encodeFrame(Code.CHANNEL_DATA, 5, item(1)),
    encodeFrame(Code.CHANNEL_DATA, 1, item(2)),
  ];
  // however it arrives
  for (const frame of frames) for (const byte of frame) router.push(Uint8Array.of(byte));
  assert.equal(two.frames, [
    [Code.BIND, 3, [...int32Payload(5)]],
    [Code.CHANNEL_DATA, 3, [...carrying]],
    [Code.CHANNEL_DATA, 5, [...item(1)]],
  ]);
  assert.equal(one.frames, [[Code.CHANNEL_DATA, 1, [...item(2)]]]);
});

test('an execution that waits for a thread has all that came for it', () => {
  const asked: number[] = [];
  const router = new PlainRouter({ control: (code) => asked.push(code) });
  router.push(encodeFrame(Code.CHANNEL_EXEC, 1, item('source')));
  router.push(encodeFrame(Code.CHANNEL_DATA, 1, item(1)));
  router.push(encodeFrame(Code.CHANNEL_CLOSE, 1, new Uint8Array(0)));
  const thread = new Thread();
  router.bind(1, thread.route);
  assert.equal(asked, [Code.CHANNEL_EXEC]);
  assert.equal(
    thread.frames.map(([code]) => code),
    [Code.CHANNEL_DATA, Code.CHANNEL_CLOSE],
  );
});

test('codes that execnet does not have break the protocol', () => {
  const router = new PlainRouter({ control: () => {} });
  assert.throws(() => router.push(encodeFrame(Code.BIND, 1, int32Payload(3))), /BIND/);
});

test.run();
