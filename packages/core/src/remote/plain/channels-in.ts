import { Opcode, operandSize } from '../../serializer/execnet-opcodes.ts';
import { readInt32 } from '../../wire/index.ts';

const NONE: readonly number[] = [];

/** Of each opcode, how many bytes of operands follow; what is none has -1. A table, because every opcode of every item is looked up. */
const SIZES: readonly number[] = Array.from({ length: 256 }, (_, opcode) => operandSize(opcode)?.size ?? -1);

/** Whether these begin with the length of further bytes. */
const COUNTED: readonly boolean[] = Array.from(
  { length: 256 },
  (_, opcode) => operandSize(opcode)?.counted ?? false,
);

/**
 * The ids of the channels inside an item in execnet's format, found without decoding it. Where the bytes are no value it stops: whoever loads
 * the item says so.
 */
export function channelsIn(item: Uint8Array): readonly number[] {
  let found: number[] | undefined;
  for (let at = 0; at < item.length; ) {
    const opcode = item[at++] as number;
    const size = SIZES[opcode] as number;
    const end = at + size;
    if (size < 0 || end > item.length) break;
    if (opcode === Opcode.Channel) {
      const id = readInt32(item, at);
      if (id > 0) {
        found ??= [];
        found.push(id);
      }
    }
    if (COUNTED[opcode]) {
      const length = readInt32(item, at);
      if (length < 0) break;
      at = end + length;
    } else at = end;
  }
  return found ?? NONE;
}
