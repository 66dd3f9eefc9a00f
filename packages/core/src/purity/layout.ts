import { analyser } from './analyser.ts';

/** Says where the character at `offset` of a function's text was written. */
export interface LineMark {
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * Breaks and joins the lines of a function that a compiler rewrote so that what stands at a mark comes on the line that the mark says, as far
 * as that can be done. Returns the text as it is where there are no marks.
 *
 * A break is added only where it can't change the meaning: between two tokens of which the first is `{`, `}`, `;` or `,`, so never after
 * `return` or in a template; and taken away only behind `{`, `;` and `,` with nothing but blanks after it, since a `}` may need its break.
 */
export function layOut(text: string, firstLine: number, marks: readonly LineMark[]): string {
  if (marks.length === 0) return text;
  const places = breakablePlaces(text);
  let [result, copied, line] = ['', 0, firstLine];
  for (const mark of marks) {
    const place = places.get(mark.offset);
    if (place === undefined) continue;
    let between = text.slice(copied, mark.offset);
    line += countBreaks(between);
    copied = mark.offset;
    if (mark.line < line && place === 'both') {
      const code = between.trimEnd();
      const breaks = countBreaks(between.slice(code.length));
      const kept = Math.max(0, breaks - (line - mark.line));
      between = code + ('\n'.repeat(kept) || ' ');
      line -= breaks - kept;
    }
    result += between;
    if (mark.line > line) {
      result += '\n'.repeat(mark.line - line);
      line = mark.line;
    }
  }
  return result + text.slice(copied);
}

function countBreaks(text: string): number {
  return text.split('\n').length - 1;
}

/** The offsets before which a line may be broken; `both` where breaks may be taken away as well. */
function breakablePlaces(text: string): Map<number, 'break' | 'both'> {
  const { parse, tokTypes } = analyser().acorn;
  const joinable = new Set<unknown>([tokTypes.braceL, tokTypes.semi, tokTypes.comma]);
  const places = new Map<number, 'break' | 'both'>();
  let [previous, end]: [unknown, number] = [undefined, 0];
  parse(`(${text}\n)`, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowSuperOutsideMethod: true,
    onToken: (token) => {
      const follows = joinable.has(previous);
      if (
        (follows || previous === tokTypes.braceR) &&
        token.type !== tokTypes.template &&
        token.type !== tokTypes.backQuote
      ) {
        const blank = text.slice(end, token.start - 1).trim() === '';
        places.set(token.start - 1, follows && blank ? 'both' : 'break');
      }
      previous = token.type;
      end = token.end - 1;
    },
  });
  return places;
}
