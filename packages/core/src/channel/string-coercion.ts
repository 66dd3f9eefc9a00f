import type { StringOptions } from '../serializer/types.ts';

/** How strings of Python 2 and 3 are translated into each other. JavaScript ends have one kind of string: among them it changes nothing. */
export interface StringCoercion {
  /** Byte strings of a Python 2 end arrive as strings (latin-1) instead of as binaries. Default: true. */
  py2strAsPy3str?: boolean;
  /** Strings sent to a Python 2 end arrive there as byte strings instead of as `unicode`. Default: false. */
  py3strAsPy2str?: boolean;
}

/** The payload of RECONFIGURE. */
export function coercionPayload({
  py2strAsPy3str = true,
  py3strAsPy2str = false,
}: StringCoercion): Uint8Array {
  return new Uint8Array([(py2strAsPy3str ? 1 : 0) | (py3strAsPy2str ? 2 : 0)]);
}

/** What a payload of RECONFIGURE says. */
export function coercionOf(payload: Uint8Array): Required<StringCoercion> {
  const flags = payload[0] ?? 0;
  return { py2strAsPy3str: (flags & 1) !== 0, py3strAsPy2str: (flags & 2) !== 0 };
}

/** What it means for values that arrive at this end, which has strings as Python 3 has them: those of Python 3 stay what they are. */
export function stringsOf({ py2strAsPy3str = true }: StringCoercion): StringOptions {
  return { py2strAsPy3str, py3strAsPy2str: false };
}
