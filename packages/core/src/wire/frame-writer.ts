import { checkForStep } from '../stack-room.ts';
import { HEADER_SIZE, writeHeader } from './header.ts';

/**
 * Where batches go: `socket.write` locally, a write under the lock at the remote end. `body`, if any, is the payload of the last frame in
 * `batch` and follows it at once: nothing may come between the two.
 */
export type BatchSink = (batch: Uint8Array, body?: Uint8Array) => void;

/** A batch that reaches this size leaves at once; also the largest copy that is cheaper than a write of its own. */
const BATCH_SIZE = 65536;

/** Payloads from this size on are not copied into the batch: two more writes cost less than the copy. */
const DIRECT_SIZE = 16384;

const needStack = checkForStep();

/** A first batch buffer is small, so that a link that says little costs little; it doubles up to {@link BATCH_SIZE}. */
const FIRST_BATCH = 2048;

/**
 * Collects frames and hands them on in batches: what is written in one turn of the event loop leaves in one write.
 *
 * `schedule` is called once when a batch begins and must see to it that {@link flush} is called at the end of the turn.
 */
export class FrameWriter {
  readonly #sink: BatchSink;
  readonly #schedule: () => void;
  readonly #reuse: boolean;
  #batch: Uint8Array;
  #fill = 0;

  /** `reuse`: the sink is done with a chunk when it returns, so that one buffer serves for ever. */
  constructor(sink: BatchSink, schedule: () => void, { reuse }: { reuse: boolean }) {
    this.#sink = sink;
    this.#schedule = schedule;
    this.#reuse = reuse;
    this.#batch = new Uint8Array(FIRST_BATCH);
  }

  /** Bytes collected and not yet handed on. */
  get pending(): number {
    return this.#fill;
  }

  /** Appends one frame, or none if it throws. A large payload is passed on uncopied, after all before it. */
  write(code: number, id: number, payload: Uint8Array): void {
    const length = payload.length;
    const direct = length >= DIRECT_SIZE;
    this.#makeRoom(HEADER_SIZE + (direct ? 0 : length));
    if (this.#fill === 0 || direct) needStack();
    if (this.#fill === 0 && !direct) this.#schedule();
    writeHeader(this.#batch, this.#fill, code, id, length);
    if (!direct) this.#copy(payload, this.#fill + HEADER_SIZE);
    // from here on it is part of the batch
    this.#fill += HEADER_SIZE;
    if (direct) this.#handOn(payload);
    else this.#fill += length;
  }

  /** Hands on what was collected: on a stack with room for that. */
  flush(): void {
    if (this.#fill > 0) this.#handOn();
  }

  #handOn(body?: Uint8Array): void {
    const chunk = this.#batch.subarray(0, this.#fill);
    this.#fill = 0;
    if (!this.#reuse) this.#batch = new Uint8Array(batchSize(chunk.length));
    this.#sink(chunk, body);
  }

  #copy(payload: Uint8Array, to: number): void {
    const batch = this.#batch;
    // TypedArray.set has a fixed cost that a loop undercuts for the sizes of small messages
    if (payload.length <= 24) for (let i = 0; i < payload.length; i++) batch[to + i] = payload[i] as number;
    else batch.set(payload, to);
  }

  #makeRoom(size: number): void {
    if (this.#fill + size > BATCH_SIZE) {
      needStack();
      this.flush();
    }
    const needed = this.#fill + size;
    if (needed <= this.#batch.length) return;
    const grown = new Uint8Array(batchSize(needed));
    grown.set(this.#batch.subarray(0, this.#fill));
    this.#batch = grown;
  }
}

/** Batches of one link resemble each other, so the next buffer is sized after the last; powers of two keep the sizes few. */
function batchSize(used: number): number {
  let size = FIRST_BATCH;
  while (size < used) size *= 2;
  return size;
}
