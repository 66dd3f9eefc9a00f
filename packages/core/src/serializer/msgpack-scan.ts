import { LoadError } from '../errors/index.ts';
import { MARK } from './msgpack-tags.ts';
import { MAX_RECORD_KEYS } from './shapes.ts';

/** Bytes that follow the codes from 0xc0 on, where that is a fixed number; -1: more is to be known. */
const FIXED: Int8Array = Int8Array.from('0.00......4812481248............', (digit) =>
  digit === '.' ? -1 : Number(digit),
);

const PROTO: readonly number[] = Array.from('__proto__', (char) => char.charCodeAt(0));
const NOTHING: Uint8Array = new Uint8Array(0);

const FIRST_RECORD = 0x40;
const RECORD_IDS = 64;

/**
 * Walks over the bytes of one value before msgpackr reads them, without making anything of them: afterwards every length is
 * known to fit, nothing is nested too deep, nothing is left over, no key is `__proto__`, and no extension, which would run code
 * by a number in the message, is called.
 */
export class Scanner {
  readonly #maxDepth: number;
  #bytes: Uint8Array = NOTHING;
  #pos = 0;
  #end = 0;
  /** The number of fields of each record that the message has defined so far; -1 for none. */
  readonly #fields = new Int8Array(RECORD_IDS).fill(-1);
  #defined = false;
  #marked = false;
  /** What is left to read at the current level, and whether that is a map (1). */
  #left = 0;
  #inMap = 0;
  /** The same for each level around it, as one number. */
  readonly #outer: number[] = [];

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** Fails with a `LoadError` unless `bytes` from `start` on are one value and nothing else. `marked` allows {@link MARK}. */
  scan(bytes: Uint8Array, start: number, marked: boolean): void {
    this.begin(start, marked);
    const end = this.feed(bytes);
    if (end < 0) throw new LoadError('the bytes end before the value does');
    if (end < bytes.length) throw new LoadError(`${bytes.length - end} bytes are left over behind the value`);
  }

  /** Starts over with a value that begins at `start` of what will be fed. */
  begin(start: number, marked: boolean): void {
    this.#marked = marked;
    this.#pos = start;
    this.#left = 1;
    this.#inMap = 0;
    this.#outer.length = 0;
    if (this.#defined) this.#fields.fill(-1);
    this.#defined = false;
  }

  /**
   * Goes on where it stopped, with all bytes that there are by now. Tells where the value ends, or -1 if more bytes are needed.
   * Fails with a `LoadError` as soon as no further bytes could make it a value.
   */
  feed(bytes: Uint8Array): number {
    this.#bytes = bytes;
    this.#end = bytes.length;
    try {
      return this.#values() ? this.#pos : -1;
    } finally {
      this.#bytes = NOTHING;
    }
  }

  /** False if the bytes end before the value does; then the state is that before the first incomplete token. */
  #values(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    const outer = this.#outer;
    let left = this.#left;
    let inMap = this.#inMap;
    for (;;) {
      while (left === 0) {
        const up = outer.pop();
        if (up === undefined) return this.#pos <= end || this.#suspend(this.#pos, 0, 0);
        left = up >>> 1;
        inMap = up & 1;
      }
      const token = this.#pos;
      if (inMap === 1) this.#key();
      if (this.#pos >= end) return this.#suspend(token, left, inMap);
      left -= 1;
      const code = bytes[this.#pos++] as number;
      let inner = -1;
      let map = 0;
      if (code < FIRST_RECORD || code >= 0xe0) continue;
      if (code >= 0xc0) {
        const fixed = FIXED[code - 0xc0] as number;
        if (fixed >= 0) {
          this.#pos += fixed;
          continue;
        }
        switch (code) {
          case MARK:
            if (!this.#marked)
              throw new LoadError('the byte 0xc1 appears in a message that does not begin with it');
            continue;
          case 0xc4:
          case 0xd9:
            this.#skip(this.#length(1));
            break;
          case 0xc5:
          case 0xda:
            this.#skip(this.#length(2));
            break;
          case 0xc6:
          case 0xdb:
            this.#skip(this.#length(4));
            break;
          case 0xd4:
            inner = this.#definition();
            break;
          case 0xdc:
          case 0xdd:
            inner = this.#length(code === 0xdc ? 2 : 4);
            break;
          case 0xde:
          case 0xdf:
            inner = this.#length(code === 0xde ? 2 : 4);
            map = 1;
            break;
          default:
            throw new LoadError(`the code 0x${code.toString(16)}, an extension, is not part of this format`);
        }
      } else if (code >= 0xa0) {
        this.#pos += code - 0xa0;
        continue;
      } else if (code >= 0x80) {
        inner = code & 15;
        if (code < 0x90) map = 1;
      } else {
        inner = this.#fields[code - FIRST_RECORD] as number;
      }
      // Every value takes a byte at least: what a length says must be there before anything is made for it.
      if (this.#pos > end || inner * (map + 1) > end - this.#pos)
        return this.#suspend(token, left + 1, inMap);
      if (inner < 0) continue;
      if (outer.length >= this.#maxDepth) {
        throw new LoadError(`the value is nested more than ${this.#maxDepth} deep (maxDepth)`);
      }
      if (inner > 0) {
        outer.push(left * 2 + inMap);
        left = inner;
        inMap = map;
      }
    }
  }

  #suspend(pos: number, left: number, inMap: number): false {
    this.#pos = pos;
    this.#left = left;
    this.#inMap = inMap;
    return false;
  }

  /** Reads a length of 1, 2 or 4 bytes; where they are not there, moves beyond the end. */
  #length(size: 1 | 2 | 4): number {
    const bytes = this.#bytes;
    let pos = this.#pos;
    this.#pos = pos + size;
    if (this.#pos > this.#end) return 0;
    let length = bytes[pos++] as number;
    for (; pos < this.#pos; pos++) length = length * 256 + (bytes[pos] as number);
    return length;
  }

  #skip(size: number): void {
    this.#pos += size;
  }

  /** Reads the key of a map, a string; where it is not there, moves beyond the end. */
  #key(): void {
    if (this.#pos >= this.#end) {
      this.#skip(1);
      return;
    }
    const code = this.#bytes[this.#pos++] as number;
    let size: number;
    if (code >= 0xa0 && code < 0xc0) size = code - 0xa0;
    else if (code === 0xd9) size = this.#length(1);
    else if (code === 0xda) size = this.#length(2);
    else if (code === 0xdb) size = this.#length(4);
    else throw new LoadError(`a map has a key that is no string (code 0x${code.toString(16)})`);
    const from = this.#pos;
    this.#pos = from + size;
    if (this.#pos > this.#end) return;
    if (
      size === PROTO.length &&
      this.#bytes[from] === PROTO[0] &&
      PROTO.every((byte, i) => this.#bytes[from + i] === byte)
    ) {
      throw new LoadError('a map has the key "__proto__"');
    }
  }

  /** Reads the definition of a record, and tells how many fields of the first such record follow. Five bytes at least. */
  #definition(): number {
    const bytes = this.#bytes;
    if (this.#end - this.#pos < 5) {
      this.#skip(5);
      return -1;
    }
    const type = bytes[this.#pos] as number;
    if (type !== 0x72)
      throw new LoadError(`an extension of type 0x${type.toString(16)} is not part of this format`);
    const id = (bytes[this.#pos + 1] as number) - FIRST_RECORD;
    if (id < 0 || id >= RECORD_IDS)
      throw new LoadError(`a record has the id 0x${(id + FIRST_RECORD).toString(16)}`);
    const code = bytes[this.#pos + 2] as number;
    this.#pos += 3;
    const count = code >= 0x90 && code < 0xa0 ? code - 0x90 : code === 0xdc ? this.#length(2) : -1;
    if (this.#pos > this.#end) return -1;
    if (count < 1 || count > MAX_RECORD_KEYS)
      throw new LoadError(`a record has no list of 1 to ${MAX_RECORD_KEYS} keys`);
    for (let i = 0; i < count; i++) this.#key();
    this.#fields[id] = count;
    this.#defined = true;
    return count;
  }
}
