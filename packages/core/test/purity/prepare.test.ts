import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failure } from '../spec/failure.ts';
import { evaluate, functionOf, prepare, run, sloppyOf } from './evaluate.ts';

test('what a function has of its own, its arguments and the globals of the interpreter are allowed', async () => {
  const fn = async (
    { a, b: [c = 1, ...d], ...rest }: { a: number; b: number[]; [key: string]: unknown },
    factor = a,
    ...others: number[]
  ) => {
    class Counter {
      static #total = 0;
      #own = 0;
      get total() {
        return Counter.#total + this.#own;
      }
      add(by: number) {
        this.#own += by;
        return this;
      }
    }
    const Named = class Inner {
      twin() {
        return new Inner();
      }
    };
    function hoisted(this: unknown) {
      return typeof new.target === 'undefined' && later();
    }
    const { join } = await import('node:path');
    let sum = factor;
    outer: for (const x of [c, ...d]) {
      for (;;) {
        sum += x;
        continue outer;
      }
    }
    try {
      JSON.parse('{');
    } catch (error) {
      sum += (error as Error).name.length;
    }
    const label = `${String(rest['name'])}:${/a+/u.test('aa') ? new URL('http://h/p').pathname : process.pid}`;
    const later = () => structuredClone(others);
    return [
      new Counter().add(sum).total,
      new Named().twin() instanceof Named,
      join('a', 'b'),
      label,
      hoisted(),
    ];
  };
  assert.equal(await evaluate(fn)({ a: 1, b: [2, 3], name: 'n' }, undefined, 4, 5), [
    17,
    true,
    'a/b',
    'n:/p',
    [4, 5],
  ]);
});

const object = {
  plain(a: number) {
    return a + 1;
  },
  async later(a: number) {
    return a + 1;
  },
  *many(a: number) {
    yield a;
    yield a + 1;
  },
  async *stream(a: number) {
    yield a + 1;
  },
  ['com' + 'puted'](a: number) {
    return a + 1;
  },
  'quoted name'(a: number) {
    return a + 1;
  },
  get() {
    return 'get';
  },
  get accessor() {
    return 5;
  },
};

class Holder {
  static fixed(a: number) {
    return a + 1;
  }
  method(a: number) {
    return a + 1;
  }
}

test('methods, accessors and generators in shorthand are sent as functions', async () => {
  assert.is(evaluate(object.plain)(1), 2);
  assert.is(evaluate(object.plain).name, 'plain');
  assert.is(await evaluate(object.later)(1), 2);
  assert.equal([...evaluate(object.many)(1)], [1, 2]);
  assert.equal(await evaluate(object.stream)(1).next(), { value: 2, done: false });
  assert.is(evaluate(object.computed)(1), 2);
  assert.is(evaluate(object['quoted name'])(1), 2);
  assert.is(evaluate(object.get)(), 'get');
  assert.is(evaluate(Object.getOwnPropertyDescriptor(object, 'accessor')?.get)(), 5);
  assert.is(evaluate(Holder.fixed)(1), 2);
  assert.is(evaluate(Holder.prototype.method)(1), 2);
});

test('what is sent says whether it is asynchronous, a generator and strict', () => {
  const flags = (fn: unknown) => {
    const { async, generator, strict, name } = prepare(fn);
    return [name, async, generator, strict];
  };
  assert.equal(flags(object.plain), ['plain', false, false, true]);
  assert.equal(flags(object.later), ['later', true, false, true]);
  assert.equal(flags(object.many), ['many', false, true, true]);
  assert.equal(flags(object.stream), ['stream', true, true, true]);
  assert.equal(flags(async () => 1).slice(1), [true, false, true]);
  assert.equal(flags(sloppyOf('function sloppy(a) { return 010 + a }')), ['sloppy', false, false, false]);
});

test('a function runs strict, as in its module; one that can only be sloppy runs sloppy', () => {
  assert.throws(
    () => evaluate((frozen: { a: number }) => (frozen.a = 1))(Object.freeze({ a: 0 })),
    TypeError,
  );
  assert.is(evaluate(sloppyOf('(a) => 010 + a'))(1), 9);
});

for (const [text, names] of [
  ['() => count + 1', ['"count" (1:7)']],
  [
    '() => {\n  missing();\n  return { other, [computed]: 1 };\n}',
    ['"missing" (2:3)', '"other" (3:12)', '"computed" (3:20)'],
  ],
  ['() => { assigned = 1; }', ['"assigned"']],
  ['(a = fallback) => a', ['"fallback"']],
  ['() => { { let inner = 1; } return inner; }', ['"inner" (1:35)']],
  ['class_ => { class A extends Base { [key]() {} x = init; } }', ['"Base"', '"key"', '"init"']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a function
  ['() => `${hole}`', ['"hole"']],
  ['() => hole++', ['"hole"']],
  ['() => arguments[0]', ['"arguments"']],
  ['() => { for (x of []) {} }', ['"x"']],
  ['async () => { const f = typeof known === "function" && known; }', ['"known" (1:56)']],
  ['() => Bun.version', ['"Bun"']],
  ['function () { return this.x }', ['this (1:22)', '"this" and "super" stay here']],
  ['() => { const f = () => this; class A { [this.k] = this } }', ['this (1:25)']],
  ['() => (0, fs_1.readFileSync)("x")', ['the import "readFileSync" (1:11)', "await import('node:fs')"]],
  ['() => __vite_ssr_import_0__.readFile("x")', ['the import "readFile" (1:7)']],
  ['() => __vite_ssr_import_meta__.url', ['import.meta (1:7)']],
  ['() => __awaiter(1)', ['__awaiter', 'compile to ES2022']],
  ['() => _async_to_generator(1)', ['compile to ES2022']],
  ['() => cov_mine + 1', ['"cov_mine"']],
] as const) {
  test(`${JSON.stringify(text)} is refused, and the message names ${names.join(', ')}`, () => {
    const error = failure(() => prepare(functionOf(text)));
    assert.is(error.code, 'ERR_EXECNET_IMPURE_FUNCTION');
    for (const name of names) assert.ok(error.message.includes(name), error.message);
  });
}

for (const text of [
  '() => typeof nowhere',
  'function f(n) { return n ? f(n - 1) : arguments.length }',
  '() => { class A { static a = this; b = this; static { this.c = 1 } m() { return super.toString() } } }',
  '() => ({ m() { return this }, get g() { return this } })',
  'function () { return function () { return this } }',
  '(a) => { if (a) { var b = 1 } return b }',
  '() => { try { } catch ({ message }) { return message } }',
  '() => { label: for (;;) break label }',
  '(o) => ({ key: 1, other: o.member?.deep })',
  '() => { let { a: renamed, ...rest } = {}; [renamed] = [rest]; }',
  'async function* () { for await (const x of []) yield* x; }',
  '() => /(?<name>x)/v.test("x") && 1_000n ** 2n',
  '(a) => a.map(async (b) => await import(b))',
  '() => [undefined, NaN, Infinity, globalThis, require, console, Buffer, queueMicrotask]',
]) {
  test(`${text} is allowed`, () => {
    assert.type(prepare(functionOf(text)).text, 'string');
    assert.type(evaluate(functionOf(text)), 'function');
  });
}

test('import.meta and super are refused with a hint', () => {
  const withMeta = () => import.meta.url;
  assert.match(failure(() => prepare(withMeta)).message, /import\.meta \(1:\d+\).*belongs to the module/);
  const parent = {
    __proto__: { m: () => 1 },
    m() {
      return super.toString();
    },
  };
  assert.match(failure(() => prepare(parent.m)).message, /super \(\d:\d+\)/);
});

test('globals that the remote end will have can be listed', () => {
  const fn = functionOf('() => count + total');
  assert.match(failure(() => prepare(fn)).message, "{ globals: ['count', 'total'] }");
  assert.match(failure(() => prepare(fn, { globals: ['count'] })).message, '"total"');
  assert.type(prepare(fn, { globals: ['count', 'total'] }).text, 'string');
  assert.match(failure(() => prepare(fn)).message, '"count"');
});

test('the same function for another interpreter is checked again', () => {
  const fn = functionOf('() => Bun.version');
  assert.type(prepare(fn, { interpreterGlobals: ['Bun'] }).text, 'string');
  assert.is(failure(() => prepare(fn)).code, 'ERR_EXECNET_IMPURE_FUNCTION');
});

test('native and bound functions, classes and private methods are refused, and each message says why', () => {
  class WithPrivate {
    #hidden() {
      return 1;
    }
    static get hidden() {
      return new WithPrivate().#hidden;
    }
  }
  for (const [fn, words] of [
    [Math.max, 'native or bound'],
    [object.plain.bind(object), 'native or bound'],
    [class A {}, 'class'],
    [Holder, 'class'],
    [new Proxy(() => 1, {}), 'native or bound'],
    [Date, 'native or bound'],
  ] as const) {
    const error = failure(() => prepare(fn));
    assert.is(error.code, 'ERR_EXECNET_IMPURE_FUNCTION');
    assert.ok(error.message.includes(words), error.message);
  }
  assert.is(failure(() => prepare(WithPrivate.hidden)).code, 'ERR_EXECNET_IMPURE_FUNCTION');
  for (const bad of [undefined, null, 'x', {}]) assert.throws(() => prepare(bad), TypeError);
});

test('an overridden toString() does not matter', () => {
  const fn = Object.assign((a: number) => a + 1, { toString: () => 'nonsense(' });
  assert.is(evaluate(fn)(1), 2);
});

test('a function is prepared once, and one with the same text too', () => {
  const fn = (a: number) => a + 1;
  assert.is(prepare(fn), prepare(fn));
  const make = () => (a: number) => a + 2;
  assert.is(prepare(make()), prepare(make()));
  let asked = 0;
  const callSites = () => {
    asked++;
    return [];
  };
  prepare(fn, { callSites });
  assert.is(asked, 0);
});

test('helpers that compilers and test runners put into functions are supplied', async () => {
  const named = functionOf('async () => { const f = __name(() => 1, "renamed"); return [f.name, f()] }');
  assert.equal(await evaluate(named)(), ['renamed', 1]);
  const vitest = functionOf('async () => (await __vite_ssr_dynamic_import__("node:path")).join("a", "b")');
  assert.is(await evaluate(vitest)(), 'a/b');
  const istanbul = functionOf(
    '(a) => { cov_2kx1().f[0]++; cov_2kx1().s[1]++; return (cov_2kx1().b[0][0]++, a) && (cov_2kx1().b[0][1]++, a + 1) }',
  );
  assert.is(evaluate(istanbul)(3), 4);
});

test('an import() that was compiled to CommonJS is one of the far side', () => {
  for (const helper of ['__toESM', '__importStar', '_interopRequireWildcard', '_interop_require_wildcard']) {
    const load = evaluate(functionOf(`(require) => ${helper}(require("a module"))`));
    const script = { join: () => 'a/b' };
    assert.equal({ ...load(() => script) }, { join: script.join, default: script });
    const compiled = { __esModule: true, default: 1, named: 2 };
    assert.is(
      load(() => compiled),
      compiled,
    );
  }
});

test('a helper that is not mentioned is not sent', () => {
  assert.is(prepare((a: number) => a).text.includes('__using'), false);
});

test('programs leave nothing behind in the global scope', () => {
  const before = Object.getOwnPropertyNames(globalThis);
  evaluate(functionOf('() => { const f = __name(() => 1, "f"); return f }'))();
  evaluate(sloppyOf('() => 010'))();
  assert.equal(Object.getOwnPropertyNames(globalThis), before);
  assert.is(run('typeof __name'), 'undefined');
});

test.run();
