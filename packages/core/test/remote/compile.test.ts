import { runInThisContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Compiler } from '../../src/remote/compile.ts';

/** A compiler, and how many texts it has evaluated. */
function counting(): { compiler: Compiler; evaluated: () => number } {
  let count = 0;
  const compiler = new Compiler((text) => {
    count++;
    return runInThisContext(text) as unknown;
  });
  return { compiler, evaluated: () => count };
}

const request = (text: string) => ({ kind: 'call', text, args: undefined }) as const;

test('a text that comes again is not evaluated again', () => {
  const { compiler, evaluated } = counting();
  for (let n = 0; n < 3; n++) assert.is(compiler.compile(request('(n) => n + 1'))(undefined, 1), 2);
  assert.is(evaluated(), 1);
});

test('few texts are kept, and few characters', () => {
  const { compiler, evaluated } = counting();
  const small = (n: number): void => void compiler.compile(request(`() => ${n}`));
  for (let n = 0; n < 201; n++) small(n);
  small(200);
  assert.is(evaluated(), 201, 'the last is there');
  small(0);
  assert.is(evaluated(), 202, 'the first is not');
  const large = (n: number): void => void compiler.compile(request(`() => "${'x'.repeat(1_500_000)}${n}"`));
  for (let n = 0; n < 4; n++) large(n);
  assert.is(evaluated(), 206);
  large(3);
  large(2);
  assert.is(evaluated(), 206, 'two are there');
  large(0);
  assert.is(evaluated(), 207, 'the first is not');
  small(0);
  assert.is(evaluated(), 208, 'and had no room left for the small ones');
  const huge = `() => "${'x'.repeat(5_000_000)}"`;
  for (let n = 0; n < 2; n++) assert.type(compiler.compile(request(huge)), 'function');
  assert.is(evaluated(), 210, 'what is too large by itself is not kept');
});

test.run();
