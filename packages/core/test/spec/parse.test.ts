import { inspect } from 'node:util';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Spec } from '../../src/spec/index.ts';
import { failure } from './failure.ts';

const fields = (text: string) => [...Spec.parse(text)];

test('a bare key is true, a value may hold "=", and fields keep their order', () => {
  assert.equal(fields('popen//python=a=b//env:LANG=C//env:EMPTY='), [
    ['popen', true],
    ['python', 'a=b'],
    ['env:LANG', 'C'],
    ['env:EMPTY', ''],
  ]);
});

test('get() and has() know fields, env holds the variables', () => {
  const spec = Spec.parse('ssh=wyvern//env:A=1//env:__proto__=2//nice=-5');
  assert.is(spec.get('ssh'), 'wyvern');
  assert.is(spec.get('env:A'), '1');
  assert.is(spec.get('popen'), undefined);
  assert.is(spec.has('nice'), true);
  assert.is(spec.has('constructor'), false);
  assert.is(spec.size, 4);
  assert.equal(Object.entries(spec.env), [
    ['A', '1'],
    ['__proto__', '2'],
  ]);
});

for (const [text, value] of [
  ['a=https:/\\/host/x', 'https://host/x'],
  ['a=https:\\/\\/host/x', 'https://host/x'],
  ['a=x\\\\/y', 'x\\/y'],
  ['a=C:\\x\\\\y', 'C:\\x\\\\y'],
  ['a=/tmp///b', '/tmp/'],
  ['a=///b', '/'],
  ['a=x\\\\//b', 'x\\'],
  ['a=x\\\\///b', 'x\\/'],
  ['a=x\\\\', 'x\\\\'],
  ['a=/', '/'],
] as const) {
  test(`the value in ${text} is ${value}`, () => {
    const spec = Spec.parse(text);
    assert.is(spec.get('a'), value);
    assert.equal([...Spec.parse(String(spec))], [...spec]);
  });
}

test('every spec is printed so that it parses to the same fields', () => {
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,6}$/).filter((name) => !Object.hasOwn(CORE, name));
  const value = fc.oneof(
    fc.stringMatching(/^[/\\=a:]{0,12}$/),
    fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0')),
  );
  const bare = fc.constant(true as const);
  const field = fc.oneof(
    fc.tuple(key, fc.oneof(value, bare)),
    fc.tuple(fc.stringMatching(/^env:[A-Za-z_][A-Za-z0-9_]{0,4}$/), value),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(field, { minLength: 1, maxLength: 6, selector: ([name]) => name }),
      (pairs) => {
        const spec = Spec.from(Object.fromEntries(pairs));
        const reparsed = Spec.parse(String(spec));
        assert.equal([...reparsed], [...spec]);
        assert.equal(reparsed.env, spec.env);
        for (const [name, expected] of pairs) assert.is(reparsed.get(name), expected);
      },
    ),
    { numRuns: 2000 },
  );
});

const CORE = { id: 0, execmodel: 0, chdir: 0, nice: 0, via: 0, stdio: 0, keepalive: 0, threads: 0, env: 0 };

test('any text either parses or fails with a SpecError, and what parses prints to the same spec', () => {
  const text = fc.array(
    fc.constantFrom(
      'popen',
      '//',
      '/',
      '\\',
      '=',
      'env:',
      'env:A',
      'nice',
      '5',
      '*',
      ' ',
      '_',
      'é',
      'ssh=x',
      '\n',
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(text, (parts) => {
      let spec: Spec;
      try {
        spec = Spec.parse(parts.join(''));
      } catch (error) {
        assert.is((error as { code?: string }).code, 'ERR_EXECNET_SPEC');
        return;
      }
      assert.equal([...Spec.parse(String(spec))], [...spec]);
    }),
    { numRuns: 3000 },
  );
});

for (const [text, words] of [
  ['', ['""', 'empty']],
  ['popen//', ['"popen//"', 'piece 2', 'character 8', 'empty']],
  ['//popen', ['piece 1', 'empty']],
  ['popen////nice=5', ['piece 2', 'empty']],
  ['popen//=x', ['piece 2', 'empty']],
  ['popen//popen', ['piece 2', 'twice']],
  ['env:A=1//popen//env:A=2', ['piece 3', '"env:A"', 'twice']],
  ['_popen', ['"_popen"', 'letter']],
  ['1popen', ['letter']],
  ['po pen', ['letter']],
  ['popen///nice=1', ['"popen/"', 'letter']],
  ['4*popen', ['"4*popen"', 'multiplier', 'makeGateways']],
  ['env:=x', ['variable']],
  ['env:A-B=x', ['variable name']],
  ['env:A', ['no value']],
  ['popen//nice=high', ['"nice"', '"high"', '-20 to 19']],
  ['popen//nice=20', ['-20 to 19']],
  ['popen//nice', ['no value']],
  ['popen//keepalive=0', ['seconds']],
  ['popen//keepalive=1e3', ['seconds']],
  ['popen//stdio=none', ['inherit, prefix, ignore, pipe']],
  ['popen//threads=256', ['1 to 255']],
  ['popen//id=', ['"id"', 'non-empty']],
  ['popen//chdir=', ['"chdir"', 'non-empty']],
  ['popen//python=a\0', ['NUL']],
] as const) {
  test(`${JSON.stringify(text)} is refused and the message says why`, () => {
    const error = failure(() => Spec.parse(text));
    assert.is(error.name, 'SpecError');
    assert.is(error.code, 'ERR_EXECNET_SPEC');
    for (const word of words)
      assert.ok(error.message.includes(word), `${error.message} should mention ${word}`);
  });
}

test('no message and no inspection shows the value of an environment variable', () => {
  for (const text of [
    'popen//env:TOKEN=hush//popen',
    'popen//env:TOKEN=hush//nice=high',
    'popen//env:URL=https://me:hush@host/x//nice=1',
    'env:TOKEN=a=hush//_x',
  ]) {
    const { message } = failure(() => Spec.parse(text));
    assert.ok(!message.includes('hush'), message);
    assert.ok(message.includes('***'), message);
  }
  const spec = Spec.parse('popen//env:TOKEN=hush//nice=5');
  assert.is(spec.redacted(), 'popen//env:TOKEN=***//nice=5');
  assert.is(inspect(spec), '<Spec popen//env:TOKEN=***//nice=5>');
  assert.is(String(spec), 'popen//env:TOKEN=hush//nice=5');
  assert.not.match(failure(() => spec.with({ nice: 99 })).message, 'hush');
});

test.run();
