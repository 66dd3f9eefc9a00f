import { analyser } from './analyser.ts';
import type { LineMark } from './locate.ts';

/**
 * Breaks the lines of a function that a compiler rewrote so that what stands at a mark comes on the line that the mark says, as far as adding
 * line breaks can do it. Returns the text as it is where there are no marks.
 *
 * A break is added only where it can't change the meaning: between two tokens of which the first is `{`, `}`, `;` or `,`, so never after
 * `return` or in a template. Comments between them stay where they are.
 */
export function layOut(text: string, firstLine: number, marks: readonly LineMark[]): string {
  if (marks.length === 0) return text;
  const breakable = breakableOffsets(text);
  let [result, copied, line] = ['', 0, firstLine];
  for (const mark of marks) {
    if (!breakable.has(mark.offset)) continue;
    const between = text.slice(copied, mark.offset);
    result += between;
    line += between.split('\n').length - 1;
    copied = mark.offset;
    if (mark.line > line) {
      result += '\n'.repeat(mark.line - line);
      line = mark.line;
    }
  }
  return result + text.slice(copied);
}

function breakableOffsets(text: string): Set<number> {
  const { parse, tokTypes } = analyser().acorn;
  const after = new Set([tokTypes.braceL, tokTypes.braceR, tokTypes.semi, tokTypes.comma]);
  const offsets = new Set<number>();
  let previous: unknown;
  parse(`(${text}\n)`, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowSuperOutsideMethod: true,
    onToken: (token) => {
      if (
        after.has(previous as never) &&
        token.type !== tokTypes.template &&
        token.type !== tokTypes.backQuote
      )
        offsets.add(token.start - 1);
      previous = token.type;
    },
  });
  return offsets;
}
