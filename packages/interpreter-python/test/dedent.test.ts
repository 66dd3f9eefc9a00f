import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dedent } from '../src/dedent.ts';

for (const [text, expected] of [
  ['', ''],
  ['a = 1', 'a = 1'],
  ['  a = 1', 'a = 1'],
  ['\n    for x in y:\n        z(x)\n    done()\n  ', '\nfor x in y:\n    z(x)\ndone()\n'],
  ['    a\n\n  \n    b', 'a\n\n\nb'],
  ['first\n    second', 'first\n    second'],
  ['\ta\n\t\tb', 'a\n\tb'],
  // a tab is no four spaces
  ['\ta\n    b', '\ta\n    b'],
  ['  \ta\n  b', '\ta\nb'],
  ['    a\r\n    b\r\n', 'a\r\nb\r\n'],
] as const) {
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => {
    assert.is(dedent(text), expected);
  });
}

test.run();
