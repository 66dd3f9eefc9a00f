import { HEADER_SIZE } from '../wire/index.ts';

/** Items from this size on keep the buffer that they came in; smaller ones are packed. Serializers alias no binary that is smaller. */
export const PACK_LIMIT = 16384;

/** The smallest segment: a channel that holds little costs little. */
const FIRST_SEGMENT = 512;
/** The largest: at full speed a segment holds several items of any size that is packed at all. */
const MAX_SEGMENT = 16384;
/** A queue that is empty keeps a segment of up to this size for the next burst: no more, as every channel may do so. */
const KEPT_SEGMENT = 2048;
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
 * Segments that are free, for all queues, by size: a queue that is read as fast as it is filled would otherwise leave megabytes a second to
 * the collector.
 */
const spare = new Map<number, Uint8Array[]>();
/** Bytes in them; 4 MiB are the windows of two channels at full speed. */
const MAX_SPARE = 4 * 1024 * 1024;
let spared = 0;

/**
 * A segment for an item of `size` bytes in a queue that holds `queued`. Segments grow with the queue, so that a thousand short queues waste
 * little and long ones are made of few; they are powers of two, so that they fit again.
 */
function takeSegment(size: number, queued: number): Uint8Array {
  const wanted = Math.max(size, FIRST_SEGMENT, Math.min(MAX_SEGMENT, queued >> 1));
  const rounded = 2 ** Math.ceil(Math.log2(wanted));
  const found = spare.get(rounded)?.pop();
  if (found) spared -= rounded;
  return found ?? new Uint8Array(rounded);
}

function giveBack({ bytes, cost }: Segment): void {
  if (cost > 0 || spared + bytes.length > MAX_SPARE) return;
  spared += bytes.length;
  const same = spare.get(bytes.length);
  if (same) same.push(bytes);
  else spare.set(bytes.length, [bytes]);
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
  /** What the packed items take. */
  #bytes = 0;
  /** The cost of the items that were dropped and are not accounted for yet. */
  spent = 0;

  get length(): number {
    return this.#length;
  }

  /** Keeps an item. `owned`: nothing else uses its memory, so it may be kept as it is. */
  push(item: Uint8Array, cost: number, owned: boolean): void {
    this.#length++;
    if (item.length + PREFIX > MAX_SEGMENT || cost !== item.length + HEADER_SIZE) {
      this.#segments.push({ bytes: owned ? item : item.slice(), fill: item.length, cost });
      return;
    }
    const target = this.#packInto(item.length + PREFIX);
    const { bytes } = target;
    bytes[target.fill] = item.length >>> 8;
    bytes[target.fill + 1] = item.length;
    bytes.set(item, target.fill + PREFIX);
    target.fill += item.length + PREFIX;
    this.#bytes += item.length + PREFIX;
  }

  /** The oldest item; there must be one. Its bytes are valid until {@link drop}, those of large items for ever. */
  first(): Uint8Array {
    const segment = this.#current();
    const { bytes } = segment;
    if (segment.cost > 0) return bytes;
    const from = this.#read + PREFIX;
    return bytes.subarray(from, from + this.#size(bytes));
  }

  /** Takes the oldest item away, or fails and leaves it. */
  drop(): void {
    const segment = this.#current();
    const { bytes, cost } = segment;
    if (cost > 0) {
      this.#segments.shift();
      this.#length--;
      this.spent += cost;
      return;
    }
    const size = this.#size(bytes);
    const next = this.#read + PREFIX + size;
    const isLast = this.#length === 1 && next === segment.fill;
    if (isLast && bytes.length > KEPT_SEGMENT) this.#segments.shift();
    this.#length--;
    this.#bytes -= size + PREFIX;
    this.#read = isLast ? 0 : next;
    this.spent += size + HEADER_SIZE;
    if (!isLast) return;
    if (bytes.length > KEPT_SEGMENT) giveBack(segment);
    else segment.fill = 0;
  }

  /** The segment that the oldest item is in. */
  #current(): Segment {
    const segment = this.#segments[0] as Segment;
    if (segment.cost > 0 || this.#read < segment.fill) return segment;
    this.#segments.shift();
    this.#read = 0;
    giveBack(segment);
    return this.#segments[0] as Segment;
  }

  /** Of the oldest item. */
  #size(bytes: Uint8Array): number {
    return ((bytes[this.#read] as number) << 8) | (bytes[this.#read + 1] as number);
  }

  clear(): void {
    for (const segment of this.#segments) giveBack(segment);
    this.#segments = [];
    this.#read = 0;
    this.#length = 0;
    this.#bytes = 0;
  }

  #packInto(size: number): Segment {
    const last = this.#segments[this.#segments.length - 1];
    if (last !== undefined && last.cost === 0 && last.bytes.length - last.fill >= size) return last;
    if (last !== undefined && last.fill === 0) this.#segments.pop();
    const segment = { bytes: takeSegment(size, this.#bytes), fill: 0, cost: 0 };
    this.#segments.push(segment);
    return segment;
  }
}
