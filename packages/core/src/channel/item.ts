/** The bytes of one item: a whole, or the parts that lie one behind the other, so that a large binary is sent without being copied. */
export type Item = Uint8Array | readonly Uint8Array[];

/** Below this a copy costs less than a frame more. */
const WORTH_A_FRAME = 16384;

export function itemSize(item: Item): number {
  if (item instanceof Uint8Array) return item.length;
  let size = 0;
  for (const part of item) size += part.length;
  return size;
}

/** The item in one piece. */
export function wholeItem(item: Item): Uint8Array {
  return item instanceof Uint8Array ? item : join(item);
}

/**
 * The bytes of the item from `from` on, up to `to`: a view wherever they lie in one piece. Where they don't, less may come than was asked for, if
 * otherwise something large had to be copied.
 */
export function itemPart(item: Item, from: number, to: number): Uint8Array {
  if (item instanceof Uint8Array) return item.subarray(from, to);
  const pieces: Uint8Array[] = [];
  let end = 0;
  for (const part of item) {
    const start = end;
    end += part.length;
    if (end <= from) continue;
    const piece = part.subarray(Math.max(0, from - start), to - start);
    if (pieces.length === 0 && (end >= to || piece.length >= WORTH_A_FRAME)) return piece;
    pieces.push(piece);
    if (end >= to) break;
  }
  return join(pieces);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(itemSize(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
