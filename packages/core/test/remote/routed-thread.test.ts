import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { test } from 'uvu';
import { portOf } from '../../src/remote/port.ts';
import { Ring } from '../../src/remote/ring.ts';
import { RoutedThread, WakeUps } from '../../src/remote/routed-thread.ts';
import { Router } from '../../src/remote/router.ts';
import { Code, FrameDecoder } from '../../src/wire/index.ts';
import { encodeAll, type Frame, frame } from '../wire/frames.ts';

/** How much a ring holds. */
const capacity = new Ring(Ring.allocate()).write(new Uint8Array(2 ** 24));

/** The frames of one thread: what the router passes on to it, and what the thread at the other end of its ring makes of that. */
class Way implements Disposable {
  readonly thread: RoutedThread;
  readonly router: Router;
  readonly seen: Frame[] = [];
  readonly #ring: Ring;
  readonly #decoder = new FrameDecoder((code, id, payload) =>
    this.seen.push({ code, id, payload: payload.slice() }),
  );
  readonly #close: () => void;

  constructor() {
    const block = Ring.allocate();
    const { port1 } = new MessageChannel();
    this.thread = new RoutedThread(new Ring(block), new WakeUps(), { port: portOf(port1) });
    this.#ring = new Ring(block);
    this.#close = () => port1.close();
    this.router = new Router({ thread: () => this.thread, control() {}, lost() {} });
    this.router.bind(1, this.thread);
  }

  /** The thread reads up to so many bytes, in pieces. */
  read(size = Infinity): void {
    for (let left = size; left > 0; ) {
      // as in a thread: where there is room for a large payload it is read in place
      if (this.#ring.takeCut()) this.#decoder.abandon();
      const { space } = this.#decoder;
      const target = space ?? new Uint8Array(Math.min(left, 10_000));
      const count = this.#ring.read(target);
      if (count === 0) {
        this.thread.flush();
        if (this.#ring.empty) return;
        continue;
      }
      if (space) this.#decoder.filled(count);
      else this.#decoder.push(target.subarray(0, count));
      left -= count;
      this.thread.flush();
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

/** One that this end makes; its id tells it from those that arrive. */
const own = (n: number): Frame => frame(Code.CHANNEL_EXEC, 1001 + 2 * n, [n]);
const isOwn = ({ id }: Frame): boolean => id > 1000;

const insert = ({ thread }: Way, one: Frame): void => thread.insert(encodeAll([one]));

test('a frame of this end comes behind the one that is on its way, and before the next', () => {
  using way = new Way();
  const [first, second] = [frame(Code.CHANNEL_DATA, 1, [1, 2, 3]), frame(Code.CHANNEL_DATA, 1, [4, 5, 6])];
  const bytes = encodeAll([first, second]);
  way.router.push(bytes.subarray(0, 10));
  insert(way, own(0));
  insert(way, own(1));
  // both ends of a frame in one chunk, and the middle of the next
  way.router.push(bytes.subarray(10, 22));
  way.read();
  deepStrictEqual(way.seen, [first, own(0), own(1)]);
  way.router.push(bytes.subarray(22));
  insert(way, own(2));
  way.read();
  deepStrictEqual(way.seen, [first, own(0), own(1), second, own(2)]);
});

test('where nothing more arrives what there is of a frame is forgotten, and those of this end follow', () => {
  for (const size of [20, capacity, 3 * capacity]) {
    using way = new Way();
    const [whole, broken] = [
      frame(Code.CHANNEL_DATA, 1, [1]),
      frame(Code.CHANNEL_DATA, 1, new Uint8Array(size)),
    ];
    const bytes = encodeAll([whole, broken]);
    way.router.push(bytes.subarray(0, bytes.length - 1));
    insert(way, own(0));
    way.thread.cut();
    insert(way, own(1));
    // it does not come any more: if it does, it is nobody's
    way.router.push(bytes.subarray(-1));
    way.router.push(encodeAll([whole]));
    way.read();
    deepStrictEqual(way.seen, [whole, own(0), own(1)]);
  }
});

test('a cut between frames loses none', () => {
  using way = new Way();
  way.router.push(encodeAll([frame(Code.CHANNEL_DATA, 1, [1])]));
  way.thread.cut();
  insert(way, own(0));
  way.read();
  deepStrictEqual(way.seen, [frame(Code.CHANNEL_DATA, 1, [1]), own(0)]);
});

test('any schedule of chunks, frames of this end, reads and a cut keeps frames whole and in order', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 200_000 }) }) },
    { weight: 2, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 400_000 }) }) },
    { weight: 2, arbitrary: fc.constant({ insert: true }) },
  );
  const size = fc.oneof(fc.nat(30), fc.integer({ min: 60_000, max: 66_000 }), fc.nat(700_000));
  fc.assert(
    fc.property(
      fc.array(size, { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 60 }),
      fc.boolean(),
      (sizes, steps, ends) => {
        using way = new Way();
        const frames = sizes.map((length, n) => frame(Code.CHANNEL_DATA, 1, new Uint8Array(length).fill(n)));
        const bytes = encodeAll(frames);
        /** For each frame of this end: how many of the others had begun. */
        const begunBefore: number[] = [];
        let at = 0;
        const begun = (): number => {
          let start = 0;
          return frames.filter(({ payload }) => {
            const from = start;
            start += 9 + payload.length;
            // a header that is not whole has not been passed on
            return at >= from + 9;
          }).length;
        };
        for (const one of steps) {
          if ('push' in one) {
            const from = at;
            at = Math.min(bytes.length, from + one.push);
            way.router.push(bytes.slice(from, at));
          } else if ('read' in one) way.read(one.read);
          else {
            insert(way, own(begunBefore.length));
            begunBefore.push(begun());
          }
        }
        if (ends) way.thread.cut();
        else way.router.push(bytes.slice(at));
        way.read();
        const whole = ends ? frames.filter((_, n) => encodeAll(frames.slice(0, n + 1)).length <= at) : frames;
        deepStrictEqual(
          way.seen.filter((one) => !isOwn(one)).map(({ payload }) => [payload.length, payload[0]]),
          whole.map(({ payload }) => [payload.length, payload[0]]),
        );
        deepStrictEqual(
          way.seen.filter(isOwn),
          begunBefore.map((_, n) => own(n)),
        );
        for (const [n, before] of begunBefore.entries()) {
          const place = way.seen.findIndex(({ id }) => id === own(n).id);
          const others = way.seen.slice(0, place).filter((one) => !isOwn(one)).length;
          strictEqual(
            others,
            Math.min(before, whole.length),
            'behind what had begun, and before what had not',
          );
        }
        ok(way.seen.every((one) => isOwn(one) || one.payload.every((byte) => byte === one.payload[0])));
      },
    ),
    { numRuns: 150 },
  );
});

test.run();
