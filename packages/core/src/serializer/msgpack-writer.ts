import { ByteWriter } from './byte-writer.ts';
import { MARK, Tag } from './msgpack-tags.ts';
import { isWellFormed, utf8Length } from './utf8.ts';

/** Beyond this length a text is measured before room is made for it, as three bytes for each character would be too much. */
const LONG_TEXT = 2 ** 16;

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/** Writes single MessagePack tokens. */
export class MsgpackWriter extends ByteWriter {
  /** Whether the message holds what only a reader that knows {@link Tag} can read. */
  protected marked = false;

  protected byte(value: number): void {
    this.reserve(1);
    this.bytes[this.pos++] = value;
  }

  /** The head of an array; the elements follow. */
  protected arrayHead(length: number): void {
    this.#head(0x90, 0xdc, length);
  }

  /** The head of a map; keys and values follow in turn. */
  protected mapHead(length: number): void {
    this.#head(0x80, 0xde, length);
  }

  #head(small: number, code16: number, length: number): void {
    this.reserve(5);
    const { bytes } = this;
    if (length < 16) {
      bytes[this.pos++] = small | length;
    } else if (length < 0x10000) {
      bytes[this.pos++] = code16;
      bytes[this.pos++] = length >> 8;
      bytes[this.pos++] = length;
    } else {
      bytes[this.pos++] = code16 + 1;
      this.view.setUint32(this.pos, length);
      this.pos += 4;
    }
  }

  /** The beginning of what only {@link Tag} says; `count` arguments follow. */
  protected tag(tag: Tag, count: number): void {
    this.marked = true;
    this.arrayHead(count + 2);
    this.reserve(2);
    this.bytes[this.pos++] = MARK;
    this.bytes[this.pos++] = tag;
  }

  protected number(value: number): void {
    this.reserve(9);
    const { bytes } = this;
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (value >= 0) {
        // 0x40 to 0x7f are taken: there msgpackr has the ids of records.
        if (value < 0x40) {
          bytes[this.pos++] = value;
        } else if (value < 0x100) {
          bytes[this.pos++] = 0xcc;
          bytes[this.pos++] = value;
        } else if (value < 0x10000) {
          bytes[this.pos++] = 0xcd;
          bytes[this.pos++] = value >> 8;
          bytes[this.pos++] = value;
        } else {
          bytes[this.pos++] = 0xce;
          this.view.setUint32(this.pos, value);
          this.pos += 4;
        }
      } else if (value >= -32) {
        bytes[this.pos++] = value;
      } else if (value >= -128) {
        bytes[this.pos++] = 0xd0;
        bytes[this.pos++] = value;
      } else {
        bytes[this.pos++] = 0xd2;
        this.view.setInt32(this.pos, value);
        this.pos += 4;
      }
    } else {
      bytes[this.pos++] = 0xcb;
      this.view.setFloat64(this.pos, value);
      this.pos += 8;
    }
  }

  protected float(value: number): void {
    this.reserve(9);
    this.bytes[this.pos++] = 0xcb;
    this.view.setFloat64(this.pos, value);
    this.pos += 8;
  }

  protected bigint(value: bigint): void {
    if (value >= INT64_MIN && value <= UINT64_MAX) {
      this.reserve(9);
      this.bytes[this.pos++] = value < 0n ? 0xd3 : 0xcf;
      this.view.setBigUint64(this.pos, BigInt.asUintN(64, value));
      this.pos += 8;
    } else {
      this.tag(Tag.BigInt, 2);
      this.byte(value < 0n ? 0xc3 : 0xc2);
      this.string((value < 0n ? -value : value).toString(16));
    }
  }

  protected string(text: string): void {
    const { length } = text;
    if (length < 48) this.#shortString(text, length);
    else this.#longString(text, length);
  }

  #shortString(text: string, length: number): void {
    this.reserve(length * 3 + 2);
    const { bytes, pos: head } = this;
    let pos = head + (length < 32 ? 1 : 2);
    for (let i = 0; i < length; i++) {
      const c = text.charCodeAt(i);
      if (c < 0x80) {
        bytes[pos++] = c;
      } else if (c < 0x800) {
        bytes[pos++] = (c >> 6) | 0xc0;
        bytes[pos++] = (c & 0x3f) | 0x80;
      } else if ((c & 0xf800) !== 0xd800) {
        // msgpackr reads longer texts with a TextDecoder that swallows a byte order mark.
        if (i === 0 && c === 0xfeff) {
          this.#utf16(text);
          return;
        }
        bytes[pos++] = (c >> 12) | 0xe0;
        bytes[pos++] = ((c >> 6) & 0x3f) | 0x80;
        bytes[pos++] = (c & 0x3f) | 0x80;
      } else {
        const low = text.charCodeAt(++i);
        if ((c & 0x400) !== 0 || (low & 0xfc00) !== 0xdc00) {
          this.#utf16(text);
          return;
        }
        const point = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
        bytes[pos++] = (point >> 18) | 0xf0;
        bytes[pos++] = ((point >> 12) & 0x3f) | 0x80;
        bytes[pos++] = ((point >> 6) & 0x3f) | 0x80;
        bytes[pos++] = (point & 0x3f) | 0x80;
      }
    }
    const size = pos - head - (length < 32 ? 1 : 2);
    if (length >= 32) {
      bytes[head] = 0xd9;
      bytes[head + 1] = size;
    } else if (size < 32) {
      bytes[head] = 0xa0 | size;
    } else {
      // Fewer than 32 characters, but more bytes: the head is one byte longer than foreseen.
      bytes.copyWithin(head + 2, head + 1, pos++);
      bytes[head] = 0xd9;
      bytes[head + 1] = size;
    }
    this.pos = pos;
  }

  #longString(text: string, length: number): void {
    if (text.charCodeAt(0) === 0xfeff) {
      this.#utf16(text);
      return;
    }
    const most = length < LONG_TEXT ? length * 3 : utf8Length(text);
    this.reserve(most + 5);
    const head = this.pos;
    const headSize = most < 0x100 ? 2 : most < 0x10000 ? 3 : 5;
    this.pos += headSize;
    const size = this.utf8(text);
    if (size !== length && !isWellFormed(text)) {
      this.pos = head;
      this.#utf16(text);
      return;
    }
    this.bytes[head] = 0xd8 + (headSize === 5 ? 3 : headSize - 1);
    if (headSize === 2) this.bytes[head + 1] = size;
    else if (headSize === 3) this.view.setUint16(head + 1, size);
    else this.view.setUint32(head + 1, size);
  }

  #utf16(text: string): void {
    this.tag(Tag.Utf16, 1);
    const size = text.length * 2;
    this.binHead(size);
    this.reserve(size);
    for (let i = 0; i < text.length; i++, this.pos += 2)
      this.view.setUint16(this.pos, text.charCodeAt(i), true);
  }

  protected binHead(size: number): void {
    this.reserve(5);
    if (size < 0x100) {
      this.bytes[this.pos++] = 0xc4;
      this.bytes[this.pos++] = size;
    } else if (size < 0x10000) {
      this.bytes[this.pos++] = 0xc5;
      this.view.setUint16(this.pos, size);
      this.pos += 2;
    } else {
      this.bytes[this.pos++] = 0xc6;
      this.view.setUint32(this.pos, size);
      this.pos += 4;
    }
  }
}
