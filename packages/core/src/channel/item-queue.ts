import { HEADER_SIZE } from '../wire/index.ts';

/** Items from this size on keep the buffer that they came in; smaller ones are packed. Serializers alias no binary that is smaller. */
export const PACK_LIMIT = 16384;

/** The first packed segment of a channel; a channel that holds little costs little. */
const FIRST_SEGMENT = 512;
/** Segments double up to here: a thousand stalled channels waste less than 2 KiB each. */
const MAX_SEGMENT = 4096;
/** Each packed item is preceded by its `uint16` length. */
const PREFIX = 2;

interface Segment {
  readonly bytes: Uint8Array;
  /** End of what was written. */
  fill: number;
  /** What the one item of this segment had cost; 0 where items are packed, each of which had cost its length and one header. */
  readonly cost: number;
}

/**
 * Segments that are free, for all queues: a queue that is read as fast as it is filled would otherwise leave megabytes a second to the
 * collector. 4 MiB at most is kept so: the windows of two channels at full speed.
 */
const spare: Uint8Array[] = [];
const MAX_SPARE = 1024;

function takeSegment(size: number): Uint8Array {
  return (size === MAX_SEGMENT ? spare.pop() : undefined) ?? new Uint8Array(size);
}

function giveBack({ bytes, cost }: Segment): void {
  if (cost === 0 && bytes.length === MAX_SEGMENT && spare.length < MAX_SPARE) spare.push(bytes);
}

/**
 * Undecoded items in order of arrival.
 *
 * Small items are packed one behind the other: thousands of small buffers would take many times the bytes that flow control counts.
 */
export class ItemQueue {
  #segments: Segment[] = [];
  #read = 0;
  #length = 0;
  #cost = 0;

  get length(): number {
    return this.#length;
  }

  /** What the item returned by the last {@link shift} had cost. */
  get shiftedCost(): number {
    return this.#cost;
  }

  /** Keeps an item. `owned`: nothing else uses its memory, so it may be kept as it is. */
  push(item: Uint8Array, cost: number, owned: boolean): void {
    this.#length++;
    if (item.length >= PACK_LIMIT || cost !== item.length + HEADER_SIZE) {
      this.#segments.push({ bytes: owned ? item : item.slice(), fill: item.length, cost });
      return;
    }
    const target = this.#packInto(item.length + PREFIX);
    const { bytes } = target;
    bytes[target.fill] = item.length >>> 8;
    bytes[target.fill + 1] = item.length;
    bytes.set(item, target.fill + PREFIX);
    target.fill += item.length + PREFIX;
  }

  /** The oldest item; there must be one. Its bytes are valid until the next {@link push}, those of large items for ever. */
  shift(): Uint8Array {
    let segment = this.#segments[0] as Segment;
    if (this.#read === segment.fill) {
      giveBack(segment);
      this.#segments.shift();
      this.#read = 0;
      segment = this.#segments[0] as Segment;
    }
    this.#length--;
    if (segment.cost > 0) {
      this.#segments.shift();
      this.#cost = segment.cost;
      return segment.bytes;
    }
    const { bytes } = segment;
    const from = this.#read + PREFIX;
    const size = ((bytes[this.#read] as number) << 8) | (bytes[this.#read + 1] as number);
    this.#read = from + size;
    this.#cost = size + HEADER_SIZE;
    if (this.#read === segment.fill && this.#length === 0) {
      this.#read = 0;
      if (bytes.length <= MAX_SEGMENT) segment.fill = 0;
      else this.#segments.shift();
    }
    return bytes.subarray(from, from + size);
  }

  clear(): void {
    for (const segment of this.#segments) giveBack(segment);
    this.#segments = [];
    this.#read = 0;
    this.#length = 0;
  }

  #packInto(size: number): Segment {
    const last = this.#segments[this.#segments.length - 1];
    if (last !== undefined && last.cost === 0 && last.bytes.length - last.fill >= size) return last;
    if (last !== undefined && last.fill === 0) this.#segments.pop();
    const doubled =
      last === undefined || last.cost > 0 ? FIRST_SEGMENT : Math.min(MAX_SEGMENT, last.bytes.length * 2);
    const segment = { bytes: takeSegment(Math.max(size, doubled)), fill: 0, cost: 0 };
    this.#segments.push(segment);
    return segment;
  }
}
