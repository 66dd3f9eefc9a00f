import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { matchHostList, matchList, matchPattern, matchPatterns } from '../../src/config/patterns.ts';

test('a pattern means what the expression of the same shape means', () => {
  const char = fc.constantFrom('a', 'b', '.', '*', '?');
  fc.assert(
    fc.property(
      fc.array(char, { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }),
      (pattern, text) => {
        const source = pattern.map((part) =>
          part === '*' ? '.*' : part === '?' ? '.' : part.replace('.', '\\.'),
        );
        const expected = new RegExp(`^${source.join('')}$`).test(text.join(''));
        assert.is(matchPattern(text.join(''), pattern.join('')), expected);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a negated pattern that fits outdoes all others, and one alone matches nothing', () => {
  assert.is(matchPatterns('web', ['w*', '!web']), 'negated');
  assert.is(matchPatterns('web', ['!other', 'w*']), 'match');
  assert.is(matchPatterns('web', ['!other']), 'none');
  assert.ok(!matchList('web', '!other'));
  assert.ok(matchList('web', 'a,,w?b'));
});

test('case counts, except for hosts', () => {
  assert.ok(!matchPattern('Web', 'web'));
  assert.ok(matchHostList('WEB', 'w*,x'));
});

test.run();
