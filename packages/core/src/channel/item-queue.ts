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
  /** Empty, but its last item may still be being read. */
  #spent: Segment | undefined;
  #read = 0;
  #length = 0;
  /** What the packed items take. */
  #bytes = 0;
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

  /** The item returned by the last {@link shift} has been read: its memory may serve others. */
  done(): void {
    if (this.#spent) giveBack(this.#spent);
    this.#spent = undefined;
  }

  /** The oldest item; there must be one. Its bytes are valid until {@link done}, those of large items for ever. */
  shift(): Uint8Array {
    let segment = this.#segments[0] as Segment;
    if (this.#read === segment.fill) {
      this.#segments.shift();
      this.#read = 0;
      giveBack(segment);
      segment = this.#segments[0] as Segment;
    }
    if (segment.cost > 0) {
      this.#segments.shift();
      this.#length--;
      this.#cost = segment.cost;
      return segment.bytes;
    }
    const { bytes } = segment;
    const from = this.#read + PREFIX;
    const size = ((bytes[this.#read] as number) << 8) | (bytes[this.#read + 1] as number);
    const item = bytes.subarray(from, from + size);
    this.#length--;
    this.#read = from + size;
    this.#cost = size + HEADER_SIZE;
    this.#bytes -= size + PREFIX;
    if (this.#read === segment.fill && this.#length === 0) {
      this.#read = 0;
      if (bytes.length <= KEPT_SEGMENT) segment.fill = 0;
      else this.#spent = this.#segments.shift();
    }
    return item;
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
