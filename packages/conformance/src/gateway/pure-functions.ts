import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Channel, Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** Which functions can be sent: those that are refused, before anything is sent, and those that run. */
export function pureFunctionSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'pure functions', fixture);
  refused(tests);
  positions(tests);
  run(tests);
  tests.run();
}

const outer = 1;
let changing = 2;
function helper(): number {
  return changing++;
}

function refused(tests: GatewayTests): void {
  const bound = function (this: unknown) {
    return this;
  }.bind(null);
  class Outer {
    field = 3;
    method(): number {
      return this.field;
    }
    arrow = (): number => this.field;
  }
  const instance = new Outer();
  const cases: readonly (readonly [title: string, fn: () => unknown, named: string])[] = [
    ['a variable of its module', () => outer, '"outer"'],
    ['a function of its module', () => helper(), '"helper"'],
    ['an import', () => join('a', 'b'), 'join'],
    [
      'something that only an inner function uses',
      () => {
        const inner = () => [1].map(() => changing);
        return inner();
      },
      '"changing"',
    ],
    ['a class of its module', () => new Outer(), '"Outer"'],
    ['"this" of its surroundings', instance.arrow, 'this'],
    ['"this" of its object', instance.method, 'this'],
    ['a module’s own URL', () => import.meta.url, 'import.meta'],
    ['nothing that can be read: a bound function', bound, 'bound'],
    ['nothing that can be read: a native function', Math.random, 'native'],
    ['nothing but itself: a class', Outer as never, 'class'],
  ];
  for (const [title, fn, named] of cases) {
    tests.test(`a function that refers to ${title} is refused, and nothing is sent`, async (gateway) => {
      for (const use of [() => gateway.remoteExec(fn as never), () => gateway.call(fn)]) {
        const error = await failureOf(use);
        assert.is(error.code, 'ERR_EXECNET_IMPURE_FUNCTION');
        assert.match(error.message, named);
      }
      assert.match(String(gateway), ' 0 active channels');
      assert.is((await gateway.remoteStatus()).numExecuting, 0);
    });
  }

  tests.test('every identifier is named, each with its place', async (gateway) => {
    const error = await failureOf(() => gateway.remoteExec(() => [outer, changing]));
    assert.match(error.message, /"outer" \(\d+:\d+\)/);
    assert.match(error.message, /"changing" \(\d+:\d+\)/);
    assert.match(error.message, "{ globals: ['outer', 'changing'] }");
  });

  tests.test('what is declared in globals is not refused', async (gateway) => {
    await gateway.remoteExec('globalThis.outer = 10').waitClose();
    assert.is(await gateway.call(() => outer, undefined, { globals: ['outer'] }), 10);
    const error = await failureOf(gateway.call(() => [outer, changing], undefined, { globals: ['outer'] }));
    assert.match(error.message, '"changing"');
    assert.not.match(error.message, '"outer" (');
  });
}

function positions(tests: GatewayTests): void {
  tests.test('the place of an identifier is that in the file of its author', async (gateway) => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-impure-'));
    try {
      const file = join(folder, 'author.mjs');
      writeFileSync(
        file,
        `let elsewhere = [];
export const send = (gateway) => {
  gateway.remoteExec((channel) => {
    channel.send(channel.id);
    channel.send(channel.id + elsewhere.length);
  });
};
`,
      );
      const { send } = (await import(pathToFileURL(file).href)) as { send: (gateway: Gateway) => unknown };
      const error = await failureOf(() => send(gateway));
      assert.match(error.message, `${file}:3:22`);
      assert.match(error.message, '"elsewhere" (5:31)');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function run(tests: GatewayTests): void {
  tests.test('globals of the interpreter can be used', async (gateway) => {
    const seen = await gateway.call(() => [
      new URL('http://host/path?q=1').searchParams.get('q'),
      typeof process.pid,
      Buffer.from('61', 'hex').toString(),
      JSON.stringify(structuredClone({ a: [1] })),
      new TextDecoder().decode(new TextEncoder().encode('ü')),
      typeof setTimeout,
      typeof queueMicrotask,
      typeof globalThis,
      typeof fetch,
      Math.max(...new Set([1, 2])),
      0b11,
      new Intl.NumberFormat('en').format(1234),
      typeof require('node:fs').readFileSync,
      typeof undeclaredAnywhere,
    ]);
    assert.equal(seen, [
      '1',
      'number',
      'a',
      '{"a":[1]}',
      'ü',
      'function',
      'function',
      'object',
      'function',
      2,
      3,
      '1,234',
      'function',
      'undefined',
    ]);
  });

  tests.test('import() can be used', async (gateway) => {
    const joined = await gateway.call(async () => {
      const [{ join }, os] = await Promise.all([import('node:path'), import('node:os')]);
      return join('a', typeof os.EOL);
    });
    assert.is(joined, 'a/string');
  });

  tests.test('arguments can be destructured and have defaults', async (gateway) => {
    const seen = await gateway.call(
      ({
        a,
        b: [first = 10, ...rest],
        missing = a + first,
        ...others
      }: {
        a: number;
        b: (number | undefined)[];
        missing?: number;
        c?: number;
      }) => ({ a, first, rest, missing, others }),
      { a: 1, b: [undefined, 2, 3], c: 4 },
    );
    assert.equal(seen, { a: 1, first: 10, rest: [2, 3], missing: 11, others: { c: 4 } });
    assert.is(await gateway.call((value: number | undefined = 7) => value), 7);
  });

  tests.test(
    'functions, classes, getters, labels and regular expressions of its own run',
    async (gateway) => {
      const seen = await gateway.call((text: string) => {
        class Counter {
          static made = 0;
          #count = 0;
          get count() {
            return this.#count;
          }
          add(by = 1) {
            this.#count += by;
            Counter.made++;
            return this;
          }
        }
        class Louder extends Counter {
          override add() {
            return super.add(2);
          }
        }
        const object = {
          get half() {
            return this.whole / 2;
          },
          whole: 8,
          method() {
            return this.half;
          },
        };
        function* numbers(upTo: number) {
          for (let number = 0; number < upTo; number++) yield number;
        }
        let found = 0;
        search: for (const a of numbers(5)) {
          for (const b of numbers(5)) {
            if (a * b === 6) {
              found = a * 10 + b;
              break search;
            }
          }
        }
        const { groups } = /(?<word>\w+)\s\k<word>/u.exec(text) ?? {};
        const tagged = (parts: TemplateStringsArray, ...values: unknown[]) => parts.join('|') + values.length;
        return [
          new Counter().add().add(3).count,
          new Louder().add().count,
          Counter.made,
          object.method(),
          found,
          groups?.['word'],
          tagged`a${1}b${2}c`,
          hoisted(),
          Array.from('𝄞').length,
        ];
        function hoisted() {
          return hoisted.length;
        }
      }, 'the the');
      assert.equal(seen, [4, 2, 3, 4, 23, 'the', 'a|b|c2', 0, 1]);
    },
  );

  tests.test('async iteration, closures and recursion of its own run', async (gateway) => {
    const channel = gateway.remoteExec(async function recurse(
      channel: Channel<number, number>,
      depth: number,
    ): Promise<void> {
      async function* counted() {
        let count = 0;
        for await (const item of channel) yield item + count++;
      }
      if (depth > 0) return recurse(channel, depth - 1);
      for await (const item of counted()) {
        if (item < 0) return;
        await channel.send(item);
      }
    }, 3);
    for (const item of [10, 10, -100]) void channel.send(item);
    assert.equal([await channel.receive(), await channel.receive()], [10, 11]);
    await channel.waitClose();
  });

  tests.test('code of a module is strict at the other end as well', async (gateway) => {
    assert.is(
      await gateway.call(() => {
        return (function (this: unknown) {
          return this === undefined;
        })();
      }),
      true,
    );
  });

  tests.test('names of functions and classes are kept', async (gateway) => {
    const seen = await gateway.call(() => {
      const arrow = () => {};
      function declared() {}
      class Held {}
      return [arrow.name, declared.name, Held.name];
    });
    assert.equal(seen, ['arrow', 'declared', 'Held']);
  });
}

/** Asked for by `typeof` only. */
declare const undeclaredAnywhere: unknown;
