import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAnalyser } from '../../src/purity/index.ts';
import { layOut } from '../../src/purity/layout.ts';
import { searchByWords } from '../../src/purity/word-search.ts';

await loadAnalyser();

const SOURCE = `// async (point) is a comment
interface Point { readonly x: number }
export const failing = async (point: Point, scale: number = 1_000): Promise<never> => {
  interface Unused {
    readonly takes: 'some lines';
  }
  /* a comment with a const in it */
  const nothing: Unused | undefined = undefined;
  if (nothing === undefined) throw new TypeError(\`bad \${point.x * scale}\`);
  throw nothing as Error;
};
export const similar = (value: number): number => Math.abs(value) + 1;
export const twins = [(item: string): string => item.trim(), (item: string): string => item.trim()];
`;

/** As Bun prints it. */
const PRINTED = `async (point, scale = 1000) => {
  const nothing = void 0;
  if (nothing === void 0)
    throw TypeError(\`bad \${point.x * scale}\`);
  throw nothing;
}`;

test('a function that was printed anew is found by its words, and where each of them was written', () => {
  const match = searchByWords(SOURCE, PRINTED);
  assert.equal([match?.line, match?.column], [3, 24]);
  const lineOf = (word: string): number | undefined =>
    match?.marks.find(({ offset }) => offset === PRINTED.indexOf(word))?.line;
  assert.equal([lineOf('const'), lineOf('if'), lineOf('TypeError'), lineOf('throw nothing')], [8, 9, 9, 10]);
});

test('laid out, its lines are those of its author as far as lines can be broken', () => {
  const { line, marks } = searchByWords(SOURCE, PRINTED) as NonNullable<ReturnType<typeof searchByWords>>;
  const lines = layOut(PRINTED, line, marks).split('\n');
  const at = (words: string): number => line + lines.findIndex((one) => one.includes(words));
  assert.equal([at('async'), at('const'), at('if ('), at('throw nothing')], [3, 8, 9, 10]);
});

test('lines that a printer broke are joined again, but not behind a bracket that may need its break', () => {
  const source = 'first;\nconst f = () => { const g = function () {}; g(); throw new Error("one line"); };';
  const printed = '() => {\n  const g = function() {}\n  g();\n  throw Error("one line");\n}';
  const { line, marks } = searchByWords(source, printed) as NonNullable<ReturnType<typeof searchByWords>>;
  const laidOut = layOut(printed, line, marks);
  assert.match(laidOut, '() => { const g');
  assert.match(laidOut, '{}\n  g();');
  assert.match(laidOut, 'g(); throw Error');
});

test('a function of another file is not taken for a similar one', () => {
  for (const other of [
    '(value) => Math.abs(value) + 2',
    '(value) => Math.sqrt(value) + 1',
    'async (point, scale = 1000) => {\n  const something = void 0;\n}',
  ]) {
    assert.is(searchByWords(SOURCE, other), undefined, other);
  }
  assert.is(searchByWords(SOURCE, '(value) => Math.abs(value) + 1')?.line, 12);
});

test('of two functions that fit none is taken, nor one of hardly any words', () => {
  assert.is(searchByWords(SOURCE, '(item) => item.trim()'), undefined);
  assert.is(searchByWords(SOURCE, '() => item'), undefined);
});

test.run();
