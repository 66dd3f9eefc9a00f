import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Whether `stream` shows colours: a terminal that is no dumb one, unless NO_COLOR or FORCE_COLOR decide it (no-color.org). */
export function showsColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && TERM !== 'dumb';
}

/** Paints text, or leaves it as it is. */
export type Paint = (format: Format, text: string) => string;

export function painter(colour: boolean): Paint {
  return colour
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_format, text) => text;
}
