import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'uvu';
import { type Route, Router } from '../../src/remote/router.ts';
import { SLOTS } from '../../src/remote/slots.ts';
import { Code, encodeFrame, FrameDecoder, int32Payload, MAX_CODE, MAX_FRAME } from '../../src/wire/index.ts';
import { failure } from '../spec/failure.ts';
import { concat, cut, encodeAll, type Frame, frame } from '../wire/frames.ts';

/** Collects what is passed on to one thread; a piece is valid during the call only. */
class Thread implements Route {
  readonly pieces: Uint8Array[] = [];
  #left = 0;

  write(bytes: Uint8Array, left: number): void {
    this.pieces.push(bytes.slice());
    this.#left = left;
  }

  /** Between frames only: what waits for the end of one is the matter of `RoutedThread`. */
  insert(frame: Uint8Array): void {
    strictEqual(this.#left, 0);
    this.pieces.push(frame);
  }

  /** The whole frames that arrived, in words. */
  get frames(): string[] {
    const frames: string[] = [];
    new FrameDecoder((code, id, payload) => frames.push(show({ code, id, payload }))).push(
      concat(this.pieces),
    );
    return frames;
  }
}

function show({ code, id, payload }: Frame): string {
  const name = Object.entries(Code).find(([, value]) => value === code)?.[0];
  return `${name} ${id}${payload.length > 0 ? ` ${payload.length > 8 ? payload.length : [...payload].join('.')}` : ''}`;
}

/** The id that the thread in `slot` gives to its channel number `n`. */
const made = (slot: number, n = 1): number => 2 * (n * SLOTS + slot);

const bind = (carrier: number, id: number): Frame => frame(Code.BIND, carrier, int32Payload(id));
const data = (id: number, ...payload: number[]): Frame => frame(Code.CHANNEL_DATA, id, payload);

/**
 * A router with threads 0 and 1. An execution goes, as with a receiver, to the thread that the first byte of its payload names, or waits
 * for `router.bind` if it names none.
 */
function fixture() {
  const threads = [new Thread(), new Thread()];
  const control: string[] = [];
  const router = new Router({
    thread: (slot) => threads[slot],
    control(code, id, payload) {
      control.push(show({ code, id, payload }));
      const thread = code === Code.CHANNEL_EXEC ? threads[payload[0] as number] : undefined;
      if (!thread) return;
      thread.insert(encodeFrame(code, id, payload));
      router.bind(id, thread);
    },
    lost: (id, carrier) => void control.push(`lost ${id} sent on ${carrier}`),
  });
  const push = (...frames: Frame[]): void => router.push(encodeAll(frames));
  const seen = () => ({ control, threads: threads.map(({ frames }) => frames) });
  return { router, threads, control, push, seen };
}

test('frames for an id made by a thread go to that thread', () => {
  const { push, seen } = fixture();
  push(data(made(0), 1), data(made(1, 7), 2), frame(Code.CREDIT, made(1), [0, 0, 0, 9]));
  deepStrictEqual(seen(), {
    control: [],
    threads: [['CHANNEL_DATA 512 1'], ['CHANNEL_DATA 3586 2', 'CREDIT 514 0.0.0.9']],
  });
});

test('frames for a thread that is gone are dropped', () => {
  const { push, seen } = fixture();
  push(data(made(5), 1), data(made(0), 2));
  deepStrictEqual(seen().threads, [['CHANNEL_DATA 512 2'], []]);
});

test('frames of an execution go to the thread that runs it', () => {
  const { push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [1]), data(1, 7), frame(Code.CHANNEL_EXEC, 3, [0]), data(3), data(1, 8));
  deepStrictEqual(seen(), {
    control: ['CHANNEL_EXEC 1 1', 'CHANNEL_EXEC 3 0'],
    threads: [
      ['CHANNEL_EXEC 3 0', 'CHANNEL_DATA 3'],
      ['CHANNEL_EXEC 1 1', 'CHANNEL_DATA 1 7', 'CHANNEL_DATA 1 8'],
    ],
  });
});

for (const code of [
  Code.STATUS,
  Code.RECONFIGURE,
  Code.GATEWAY_TERMINATE,
  Code.HELLO,
  Code.PING,
  Code.PONG,
  Code.GOODBYE,
]) {
  test(`${show(frame(code, 1))} is for the receiver, whole, and for no thread`, () => {
    const { router, seen } = fixture();
    const bytes = encodeAll([data(made(0), 1), frame(code, 1, [1, 2, 3]), frame(code, 0), data(made(0), 2)]);
    for (const byte of bytes) router.push(Uint8Array.of(byte));
    deepStrictEqual(seen(), {
      control: [show(frame(code, 1, [1, 2, 3])), show(frame(code, 0))],
      threads: [['CHANNEL_DATA 512 1', 'CHANNEL_DATA 512 2'], []],
    });
  });
}

test('frames for a channel that nobody owns yet are kept, and come first when somebody does', () => {
  const { router, threads, push, seen } = fixture();
  push(data(5, 1), data(5, 2), data(7, 3));
  deepStrictEqual(seen().threads, [[], []]);
  router.bind(5, threads[1] as Thread);
  push(data(5, 4));
  deepStrictEqual(seen().threads, [[], ['CHANNEL_DATA 5 1', 'CHANNEL_DATA 5 2', 'CHANNEL_DATA 5 4']]);
});

test('BIND sends a channel where its carrier goes, and is passed on before what follows', () => {
  const { push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [1]), data(5, 1), bind(1, 5), data(1, 2), data(5, 3));
  deepStrictEqual(seen().threads[1], [
    'CHANNEL_EXEC 1 1',
    'BIND 1 0.0.0.5',
    'CHANNEL_DATA 5 1',
    'CHANNEL_DATA 1 2',
    'CHANNEL_DATA 5 3',
  ]);
});

test('BIND of an id that a thread made leaves it with that thread', () => {
  const { push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [1]), bind(1, made(0)), data(made(0), 1));
  deepStrictEqual(seen().threads, [['CHANNEL_DATA 512 1'], ['CHANNEL_EXEC 1 1', 'BIND 1 0.0.2.0']]);
});

test('a kept BIND announces its channel when its carrier finds an owner', () => {
  const { router, threads, push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [99]), bind(1, 3), bind(3, 5), data(5, 1), data(3, 2));
  router.bind(1, threads[0] as Thread);
  push(data(5, 3));
  deepStrictEqual(seen().threads[0], [
    'BIND 1 0.0.0.3',
    'BIND 3 0.0.0.5',
    'CHANNEL_DATA 5 1',
    'CHANNEL_DATA 3 2',
    'CHANNEL_DATA 5 3',
  ]);
});

test('late frames for a closed channel are dropped, those for others are not', () => {
  const { router, push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [0]));
  router.unbind(1);
  push(data(1, 1), frame(Code.CANCEL, 1), frame(Code.CHANNEL_CLOSE, 1), data(made(0), 2));
  deepStrictEqual(seen(), {
    control: ['CHANNEL_EXEC 1 0'],
    threads: [['CHANNEL_EXEC 1 0', 'CHANNEL_DATA 512 2'], []],
  });
});

test('CANCEL of an execution that waits is for the receiver', () => {
  const { push, control } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [99]), data(1, 1), frame(Code.CANCEL, 1));
  deepStrictEqual(control, ['CHANNEL_EXEC 1 99', 'CANCEL 1']);
});

test('the close of an execution that waits is kept: it runs, and sees that nobody listens', () => {
  const { router, threads, push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [99]), bind(1, 3), data(3, 1), frame(Code.CHANNEL_CLOSE, 3));
  push(frame(Code.CHANNEL_CLOSE, 1));
  router.bind(1, threads[0] as Thread);
  deepStrictEqual(seen().threads[0], [
    'BIND 1 0.0.0.3',
    'CHANNEL_DATA 3 1',
    'CHANNEL_CLOSE 3',
    'CHANNEL_CLOSE 1',
  ]);
});

test('a channel that is sent where nobody gets it is lost, unless somebody has it or will get it', () => {
  const { router, threads, push, control } = fixture();
  const exec = (id: number, ...thread: number[]): Frame => frame(Code.CHANNEL_EXEC, id, thread);
  push(
    exec(1, 0),
    exec(3),
    bind(3, 21),
    data(21, 1),
    exec(5),
    bind(5, 23),
    bind(3, 23),
    bind(1, 25),
    bind(3, 25),
  );
  router.unbind(3);
  deepStrictEqual(control.splice(0), [
    'CHANNEL_EXEC 1 0',
    'CHANNEL_EXEC 3',
    'CHANNEL_EXEC 5',
    'lost 21 sent on 3',
  ]);
  // kept for the one that waits
  router.bind(5, threads[1] as Thread);
  push(data(23, 2), bind(3, 23), bind(3, 25), bind(3, 21), bind(made(7), 27), bind(3, made(0)));
  deepStrictEqual(control.splice(0), [`lost 27 sent on ${made(7)}`]);
  deepStrictEqual(threads[1]?.frames, ['BIND 5 0.0.0.23', 'CHANNEL_DATA 23 2']);
  // what was lost is closed for who gets it later
  push(bind(1, 27));
  deepStrictEqual(threads[0]?.frames.slice(-2), ['BIND 1 0.0.0.27', 'CHANNEL_CLOSE 27']);
});

test('channels that were closed without ever being announced leave nothing behind', () => {
  const { router } = fixture();
  const close = encodeFrame(Code.CHANNEL_CLOSE, 1);
  const item = encodeFrame(Code.CHANNEL_DATA, 1, new Uint8Array(4096));
  const both = concat([item, close]);
  const view = new DataView(both.buffer);
  // kept, they would be 80 MiB: more than may be kept at all
  for (let id = 1; id < 40_000; id += 2) {
    view.setInt32(1, id);
    view.setInt32(item.length + 1, id);
    router.push(both);
  }
});

test('what was kept for a waiting execution is dropped with it, what it announced as well', () => {
  const { router } = fixture();
  const big = new Uint8Array(4096);
  for (let id = 1; id < 40_000; id += 4) {
    router.push(
      encodeAll([
        frame(Code.CHANNEL_EXEC, id, [99]),
        bind(id, id + 2),
        { code: Code.CHANNEL_DATA, id, payload: big },
        { code: Code.CHANNEL_DATA, id: id + 2, payload: big },
        frame(Code.CHANNEL_CLOSE, id + 2),
      ]),
    );
    router.unbind(id);
  }
});

test('a channel that was announced twice is kept until both announcements are dropped', () => {
  const { router, threads, push, seen } = fixture();
  push(frame(Code.CHANNEL_EXEC, 1, [99]), bind(1, 5), frame(Code.CHANNEL_EXEC, 3, [99]), bind(3, 5));
  push(data(5, 1), frame(Code.CHANNEL_CLOSE, 5));
  router.unbind(1);
  router.bind(3, threads[1] as Thread);
  deepStrictEqual(seen().threads[1], ['BIND 3 0.0.0.5', 'CHANNEL_DATA 5 1', 'CHANNEL_CLOSE 5']);
});

test('frames in a row for one thread are passed on in one piece', () => {
  const { threads, push } = fixture();
  push(data(made(0), 1), data(made(0, 2), 2), data(made(0, 3), 3), data(made(1), 4), data(made(0), 5));
  deepStrictEqual(
    threads.map(({ pieces }) => pieces.length),
    [2, 1],
  );
});

test('the beginning of a large frame is passed on before its end is there', () => {
  const { router, threads } = fixture();
  const bytes = encodeFrame(Code.CHANNEL_DATA, made(1), new Uint8Array(50_000));
  router.push(bytes.subarray(0, 20_000));
  strictEqual(concat((threads[1] as Thread).pieces).length, 20_000);
  router.push(bytes.subarray(20_000));
  strictEqual(concat((threads[1] as Thread).pieces).length, bytes.length);
});

const anyFrame: fc.Arbitrary<Frame> = fc
  .record(
    {
      code: fc.constantFrom(
        ...Object.values(Code).filter((code) => code !== Code.BIND),
        Code.CHANNEL_DATA,
        Code.CHANNEL_DATA,
        Code.BIND,
        Code.BIND,
      ),
      id: fc.constantFrom(1, 3, 5, 7, made(0), made(1), made(1, 3), made(9)),
      other: fc.constantFrom(1, 3, 5, 7, 9, made(0), made(1)),
      slot: fc.constantFrom(0, 1, 99),
      payload: fc.uint8Array({ maxLength: 20 }),
    },
    { noNullPrototype: true },
  )
  .map(({ code, id, other, slot, payload }) => {
    if (code === Code.BIND) return bind(id, other);
    if (code === Code.CHANNEL_EXEC) return frame(code, id | 1, [slot, ...payload]);
    return { code, id, payload };
  });

test('any cuts of any frames give the same as whole frames', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 24 }),
      fc.array(fc.nat(), { maxLength: 24 }),
      (frames, places) => {
        const whole = fixture();
        for (const one of frames) whole.push(one);
        const parts = fixture();
        for (const chunk of cut(encodeAll(frames), places)) {
          parts.router.push(chunk);
          chunk.fill(0xee);
        }
        deepStrictEqual(parts.seen(), whole.seen());
      },
    ),
    { numRuns: 2000 },
  );
});

test('a cut at any two places changes nothing', () => {
  const frames = [
    frame(Code.CHANNEL_EXEC, 1, [1, 2]),
    data(3, 9),
    data(made(0), 1),
    bind(1, 3),
    data(1, 4, 5),
    frame(Code.STATUS, 7),
    data(3, 6),
  ];
  const bytes = encodeAll(frames);
  const whole = fixture();
  whole.push(...frames);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const parts = fixture();
      for (const chunk of cut(bytes, [first, second])) parts.router.push(chunk);
      deepStrictEqual(parts.seen(), whole.seen(), `cut at ${first} and ${second}`);
    }
  }
});

for (const [title, bytes] of [
  ['an unknown code', [MAX_CODE + 1, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['a negative id', [4, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
  ['a negative length', [4, 0, 0, 0, 1, 0xff, 0, 0, 0]],
  ['a length above the limit', [4, 0, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff]],
  ['a BIND without an id', [13, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['a BIND of two ids', [13, 0, 0, 0, 1, 0, 0, 0, 8]],
  ['a BIND of two ids on a channel of a thread', [13, 0, 0, 2, 0, 0, 0, 0, 8]],
  ['more than may be kept', [4, 0, 0, 0, 1, 0x01, 0, 0, 0]],
] as const) {
  test(`${title} is a ProtocolError as soon as its header is there, however that is cut`, () => {
    for (let at = 0; at <= 9; at++) {
      const { router, seen } = fixture();
      const error = failure(() => {
        for (const chunk of cut(Uint8Array.from(bytes), [at])) router.push(chunk);
      });
      strictEqual(error.code, 'ERR_EXECNET_PROTOCOL', error.stack);
      deepStrictEqual(seen(), { control: [], threads: [[], []] });
    }
  });
}

test('what may be kept for channels without an owner is bounded', () => {
  const { router } = fixture();
  const item = encodeFrame(Code.CHANNEL_DATA, 1, new Uint8Array(65536));
  const view = new DataView(item.buffer);
  let kept = 0;
  const error = failure(() => {
    for (let id = 1; ; id += 2) {
      view.setInt32(1, id);
      router.push(item);
      kept += item.length;
    }
  });
  strictEqual(error.code, 'ERR_EXECNET_PROTOCOL');
  ok(kept > 8 * 1024 * 1024 && kept <= 16 * 1024 * 1024, String(kept));
});

test('control frames that announce the most there may be reserve next to nothing', () => {
  const header = encodeFrame(Code.CHANNEL_EXEC, 1);
  new DataView(header.buffer).setInt32(5, MAX_FRAME);
  const before = process.memoryUsage().arrayBuffers;
  const routers = Array.from({ length: 64 }, () => {
    const { router, control } = fixture();
    router.push(header);
    router.push(Uint8Array.of(1));
    return control;
  });
  const grown = process.memoryUsage().arrayBuffers - before;
  ok(grown < 16 * 1024 * 1024, `${routers.length} routers took ${grown} bytes`);
  ok(routers.every((control) => control.length === 0));
});

test('a control frame in many small pieces comes out whole', () => {
  const { router, control } = fixture();
  const payload = Uint8Array.from({ length: 300_000 }, (_, i) => i);
  const bytes = encodeFrame(Code.PING, 0, payload);
  for (let at = 0; at < bytes.length; at += 1000) router.push(bytes.subarray(at, at + 1000));
  deepStrictEqual(control, ['PING 0 300000']);
});

test.run();
