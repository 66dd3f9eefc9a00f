import fc from 'fast-check';
import { Complex, Float, FrozenSet, Tuple } from '../../src/serializer/index.ts';

/** How an expression names what Python 2 and 3 write in different ways. */
interface Literals {
  readonly text: (escaped: string) => string;
}

const PYTHON_3: Literals = { text: (escaped) => `"${escaped}"` };

export const PYTHON_2: Literals = { text: (escaped) => `u"${escaped}"` };

/** The expression for the value in Python: what it is there, said without its dump. */
export function pythonOf(value: unknown, literals: Literals = PYTHON_3): string {
  const items = (all: Iterable<unknown>): string =>
    [...all].map((item) => `${pythonOf(item, literals)}, `).join('');
  switch (typeof value) {
    case 'undefined':
      return 'None';
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : floatOf(value);
    case 'bigint':
      // Python 3.11 reads no more than 4300 decimal digits
      return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
    case 'string':
      return literals.text(escapedOf(value));
    default:
  }
  if (value === null) return 'None';
  if (value instanceof Uint8Array) return `unhex("${Buffer.from(value).toString('hex')}")`;
  if (value instanceof Complex) return `complex(${floatOf(value.real)}, ${floatOf(value.imag)})`;
  if (value instanceof Float) return floatOf(value.value);
  if (value instanceof Tuple) return `(${items(value)})`;
  if (value instanceof FrozenSet) return `frozenset([${items(value)}])`;
  if (value instanceof Set) return `set([${items(value)}])`;
  if (Array.isArray(value)) return `[${items(value)}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value as object);
  return `{${entries.map(([key, item]) => `${pythonOf(key, literals)}: ${pythonOf(item, literals)}, `).join('')}}`;
}

const floatOf = (value: number): string =>
  // String() leaves out the sign of zero
  `float("${Object.is(value, -0) ? '-0.0' : String(value)}")`;

function escapedOf(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) as number;
    if (code >= 0x20 && code < 0x7f && !'"\\'.includes(character)) return character;
    return code > 0xffff ? `\\U${hexOf(code, 8)}` : `\\u${hexOf(code, 4)}`;
  }).join('');
}

const hexOf = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

/** What loads where the value was dumped: Python has no `undefined`, and knows an int by its type and not by its size. */
export function loadedFrom(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Float) return value.value;
  if (value instanceof Tuple) return Tuple.from([...value].map(loadedFrom));
  if (Array.isArray(value)) return Array.from(value, loadedFrom);
  if (value instanceof FrozenSet) return new FrozenSet([...value].map(loadedFrom));
  if (value instanceof Set) return new Set([...value].map(loadedFrom));
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Complex) return value;
  const entries = (value instanceof Map ? [...value] : Object.entries(value)).map(
    ([key, item]) => [loadedFrom(key), loadedFrom(item)] as const,
  );
  return entries.every(([key]) => typeof key === 'string') ? Object.fromEntries(entries) : new Map(entries);
}

/** Whether execnet fails to dump it: it takes ints below the range of 32 bits for such that are within. */
export function isBeyondExecnet(value: unknown): boolean {
  if (typeof value === 'bigint') return value < -(2n ** 31n);
  if (typeof value === 'number') return Number.isSafeInteger(value) && value < -(2 ** 31);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (value instanceof Map) return [...value].flat().some(isBeyondExecnet);
  const items = Array.isArray(value) || value instanceof Set ? [...value] : Object.values(value);
  return !(value instanceof Complex || value instanceof Float) && items.some(isBeyondExecnet);
}

/** The sets in it have one item at most: those of Python have no order that could be known. */
export function hasNoOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (value instanceof Set && value.size > 1) return true;
  if (value instanceof Map) return [...value].flat().some(hasNoOrder);
  const items = Array.isArray(value) || value instanceof Set ? [...value] : Object.values(value);
  return items.some(hasNoOrder);
}

const INTEGERS = fc.oneof(
  fc.integer(),
  fc.maxSafeNat(),
  fc.bigInt({ min: -(2n ** 31n), max: 2n ** 200n }),
  // what formats trip over lies beside powers of two
  fc
    .tuple(fc.integer({ min: 0, max: 130 }), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([exponent, offset, negative]) => {
      const value = (2n ** BigInt(exponent) + BigInt(offset)) * (negative ? -1n : 1n);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }),
);

const TEXTS = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

const LEAVES = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  INTEGERS,
  fc.double(),
  TEXTS,
  fc.uint8Array(),
  fc.tuple(fc.double(), fc.double()).map(([real, imag]) => new Complex(real, imag)),
  fc.double().map((value) => new Float(value)),
);

/** Keys that are different ones in Python: texts, and numbers that are no floats. */
const KEYS = fc.oneof(
  fc.string(),
  INTEGERS,
  fc.constant(null),
  fc.string().map((text) => new Tuple(text, 0, null)),
);

const keyOf = (key: unknown): string =>
  typeof key === 'string' ? `'${key}` : pythonOf(typeof key === 'number' ? BigInt(key) : key);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    LEAVES,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => Tuple.from(items)),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    fc
      .uniqueArray(fc.tuple(KEYS, tie('value')), { maxLength: 4, selector: ([key]) => keyOf(key) })
      .map((entries) => new Map(entries)),
    fc.uniqueArray(KEYS, { maxLength: 2, selector: keyOf }).map((items) => new Set(items)),
    fc.uniqueArray(KEYS, { maxLength: 1, selector: keyOf }).map((items) => new FrozenSet(items)),
  ),
}));

/** Any value that Python has a counterpart of. */
export const anyValue: fc.Arbitrary<unknown> = value;
