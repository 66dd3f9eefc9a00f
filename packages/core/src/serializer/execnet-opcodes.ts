/**
 * The opcodes of Python execnet's dump format. A dump is a program for a machine with one stack, in the order of the bytes;
 * numbers are big-endian.
 */
export const Opcode = {
  /** `int32 count`: takes so many values and gives a tuple of them. */
  BuildTuple: 0x40,
  /** `int32 length`, bytes. */
  Bytes: 0x41,
  /** `int32 id`. */
  Channel: 0x42,
  False: 0x43,
  /** `float64`. */
  Float: 0x44,
  /** `int32 count`, as {@link Opcode.BuildTuple}. */
  FrozenSet: 0x45,
  /** `int32`. */
  Int: 0x46,
  /** `int32`: a `long` of Python 2. */
  Long: 0x47,
  /** `int32 length`, decimal digits with an optional sign. */
  LongInt: 0x48,
  /** The same, a `long` of Python 2. */
  LongLong: 0x49,
  NewDict: 0x4a,
  /** `int32 length`: a list of so many times None. */
  NewList: 0x4b,
  None: 0x4c,
  /** `int32 length`, bytes: a `str` of Python 2. */
  Py2String: 0x4d,
  /** `int32 length`, UTF-8: a `str` of Python 3. */
  Py3String: 0x4e,
  /** `int32 count`, as {@link Opcode.BuildTuple}. */
  Set: 0x4f,
  /** Takes a value and a key or index, and puts the value into the dict or list below them. */
  SetItem: 0x50,
  /** The end: the one value on the stack is the result. */
  Stop: 0x51,
  True: 0x52,
  /** `int32 length`, UTF-8: a `unicode` of Python 2. */
  Unicode: 0x53,
  /** `float64 real, float64 imaginary`. */
  Complex: 0x54,
} as const;

/**
 * Decimal digits of one int, in both directions: to read and to write them takes more than linear time, with this many a few tenths of a second.
 * Python itself refuses more than 4300 since 3.11 unless it is told otherwise.
 */
export const MAX_DIGITS = 1_000_000;

/** How many bytes of operands follow an opcode: the first of them a length of further bytes where `counted`. */
export function operandSize(opcode: number): { size: number; counted: boolean } | undefined {
  switch (opcode) {
    case Opcode.BuildTuple:
    case Opcode.Channel:
    case Opcode.FrozenSet:
    case Opcode.Int:
    case Opcode.Long:
    case Opcode.NewList:
    case Opcode.Set:
      return { size: 4, counted: false };
    case Opcode.Bytes:
    case Opcode.LongInt:
    case Opcode.LongLong:
    case Opcode.Py2String:
    case Opcode.Py3String:
    case Opcode.Unicode:
      return { size: 4, counted: true };
    case Opcode.Float:
      return { size: 8, counted: false };
    case Opcode.Complex:
      return { size: 16, counted: false };
    case Opcode.False:
    case Opcode.NewDict:
    case Opcode.None:
    case Opcode.SetItem:
    case Opcode.Stop:
    case Opcode.True:
      return { size: 0, counted: false };
    default:
      return undefined;
  }
}
