import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quoteWord, quoteWords, splitWords } from '../../src/spec/index.ts';
import { failure } from './failure.ts';

/** The words that a real shell makes of these command lines, expansion of file names switched off. */
function shellWords(lines: readonly string[]): string[][] {
  const script = [
    'set -f',
    'show() { printf "%s\\n" "$#"; for word; do printf "%s\\0" "$word"; done; printf "\\1"; }',
    ...lines.map((line) => `show ${line}`),
  ].join('\n');
  const output = execFileSync('sh', { input: script, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] });
  return output
    .split('\x01')
    .slice(0, -1)
    .map((shown) => {
      const [, count, rest] = /^(\d+)\n(.*)$/s.exec(shown) as unknown as [string, string, string];
      return Number(count) === 0 ? [] : rest.slice(0, -1).split('\0');
    });
}

for (const [line, words] of [
  ['python3 -u "a b"', ['python3', '-u', 'a b']],
  ["  a\\ b\t'c\\'d\n", ['a b', 'c\\d']],
  ['a"b"\'c\'d', ['abcd']],
  ['\'\' "" x', ['', '', 'x']],
  ['"a\\"b\\\\c\\n\\$"', ['a"b\\c\\n$']],
  ['a|b $HOME *.js #c ;', ['a|b', '$HOME', '*.js', '#c', ';']],
  ['é日😀', ['é日😀']],
  ['a\\\nb "c\\\nd"', ['ab', 'cd']],
  ['', []],
  [' \t\n', []],
] as const) {
  test(`${JSON.stringify(line)} is split into ${JSON.stringify(words)}`, () => {
    assert.equal(splitWords(line), [...words]);
  });
}

for (const [line, position] of [
  ['a "b', 3],
  ["a 'b", 3],
  ['ab\\', 3],
  ['"a\\"', 1],
] as const) {
  test(`${JSON.stringify(line)} is an error that names character ${position}`, () => {
    const error = failure(() => splitWords(line));
    assert.is(error.code, 'ERR_EXECNET_SPEC');
    assert.match(error.message, `character ${position}`);
  });
}

test('a real shell and splitWords agree on quotes, backslashes and blanks', () => {
  const part = fc.constantFrom(
    'a',
    'é',
    ' ',
    '\t',
    "'",
    '"',
    '\\',
    '\\\\',
    '\\"',
    "\\'",
    '=',
    '-',
    '😀',
    '\\a',
    '\\ ',
  );
  const lines = fc.sample(fc.array(part, { maxLength: 14 }), 1500).map((parts) => parts.join(''));
  const balanced = lines.filter((line) => {
    try {
      splitWords(line);
      return true;
    } catch {
      return false;
    }
  });
  assert.ok(balanced.length > 100);
  const seen = shellWords(balanced);
  assert.is(seen.length, balanced.length);
  for (const [index, line] of balanced.entries())
    assert.equal(splitWords(line), seen[index], JSON.stringify(line));
});

test('a real shell reads quoted words as they were: newlines, quotes, unicode, empty', () => {
  const special = [
    '',
    ' ',
    '\n',
    'a\nb',
    "'",
    "''",
    "it's",
    '"',
    '\\',
    '$HOME',
    '`id`',
    '*',
    '~',
    '#x',
    'a=b',
    '!',
    '-n',
    'é😀',
    ';',
    '\t',
    '\r',
  ];
  const strings = fc
    .sample(fc.string({ unit: 'grapheme' }), 300)
    .filter((text) => !text.includes('\0') && !text.includes('\x01'));
  const words = [...special, ...strings];
  assert.equal(shellWords([quoteWords(words)]), [words]);
  assert.equal(
    shellWords(words.map(quoteWord)),
    words.map((word) => [word]),
  );
});

test('splitWords undoes quoteWords', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))), (words) => {
      assert.equal(splitWords(quoteWords(words)), words);
    }),
  );
});

test('words that need no quotes get none, and an assignment can not be mistaken for one', () => {
  assert.is(
    quoteWords(['exec', '/usr/bin/node', '--max-old-space-size=5', 'a@b:1,2%+']),
    "exec /usr/bin/node '--max-old-space-size=5' a@b:1,2%+",
  );
  assert.is(quoteWord('A=b'), "'A=b'");
});

test('a word with NUL is refused', () => {
  assert.throws(() => quoteWord('a\0b'), TypeError);
});

test.run();
