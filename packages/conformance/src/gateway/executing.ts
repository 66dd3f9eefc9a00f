import { Channel, DumpError, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';
import { modules } from './modules.ts';
import { assertNothingSeen, seenOfStart } from './start.ts';

/** What `remoteExec` and `call` run, and what they refuse to run. */
export function executingSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'executing', fixture);
  sourceText(tests);
  functions(tests);
  modules(tests);
  calls(tests);
  generators(tests, fixture);
  globals(tests);
  start(tests);
  refusals(tests);
  tests.run();
}

function sourceText(tests: GatewayTests): void {
  tests.test('source text has channel and args in scope, and may await', async (gateway) => {
    const channel = gateway.remoteExec<number>('await channel.send(args.a + (await Promise.resolve(2)));', {
      a: 1,
    });
    assert.is(await channel.receive(), 3);
    await channel.waitClose();
  });

  tests.test('source text may be many lines, declare what it likes and end in a comment', async (gateway) => {
    const channel = gateway.remoteExec<string>(`
      const { basename } = await import('node:path');
      function twice(text) { return text + text; }
      class Speaker { say(text) { return twice(text); } }
      await channel.send(new Speaker().say(basename('/a/b')));
      // the end`);
    assert.is(await channel.receive(), 'bb');
    await channel.waitClose();
  });

  tests.test('empty source text runs and ends', async (gateway) => {
    await gateway.remoteExec('').waitClose();
  });

  tests.test('source text that can not be parsed is the error of its channel', async (gateway) => {
    const error = await failureOf(gateway.remoteExec('const = 3;').waitClose());
    assert.instance(error, RemoteError);
    assert.is((error as RemoteError).remoteName, 'SyntaxError');
  });

  tests.test('two texts do not see each other’s declarations', async (gateway) => {
    await gateway.remoteExec('const mine = 1; var also = 2;').waitClose();
    const channel = gateway.remoteExec('await channel.send([typeof mine, typeof also]);');
    assert.equal(await channel.receive(), ['undefined', 'undefined']);
    await channel.waitClose();
  });
}

function functions(tests: GatewayTests): void {
  tests.test('a synchronous function runs, and its channel closes when it has returned', async (gateway) => {
    const channel = gateway.remoteExec(
      (channel: Channel<never, number>, { a, b }: { a: number; b: number }) => {
        void channel.send(a + b);
      },
      { a: 1, b: 2 },
    );
    assert.is(await channel.receive(), 3);
    await channel.waitClose();
    assert.ok(channel.isClosed);
  });

  tests.test(
    'an async function runs, and its channel closes when its promise has settled',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
        await channel.send((await channel.receive()) + 1);
        await channel.send((await channel.receive()) + 2);
      });
      await channel.send(1);
      assert.is(await channel.receive(), 2);
      assert.not(channel.isClosed);
      await channel.send(10);
      assert.is(await channel.receive(), 12);
      await channel.waitClose();
    },
  );

  tests.test(
    'a promise that is no native one ends the execution as well when it settles',
    async (gateway) => {
      const channel = gateway.remoteExec((channel: Channel<never, string>) => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        then(resolve: (value: unknown) => void) {
          setTimeout(() => {
            void channel.send('settled');
            resolve(undefined);
          }, 1);
        },
      }));
      assert.is(await channel.receive(), 'settled');
      await channel.waitClose();
    },
  );

  tests.test('what a function of remoteExec returns is not sent', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, number>) => {
      void channel.send(1);
      return 2;
    });
    const items: number[] = [];
    for await (const item of channel) items.push(item);
    assert.equal(items, [1]);
  });

  tests.test('remoteExec returns its channel at once', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, string>) => {
      await channel.send(await channel.receive());
    });
    assert.instance(channel, Channel);
    void channel.send('sent before the code has started');
    assert.is(await channel.receive(), 'sent before the code has started');
    await channel.waitClose();
  });

  tests.test('a function without arguments gets undefined', async (gateway) => {
    assert.is(await gateway.call((args?: unknown) => typeof args), 'undefined');
  });

  tests.test('methods, shorthand or not, and function expressions can be sent', async (gateway) => {
    const object = {
      shorthand(value: number) {
        return value + 1;
      },
      async later(value: number) {
        return await Promise.resolve(value + 2);
      },
      arrow: (value: number) => value + 3,
      expression: function named(value: number): number {
        return value > 0 ? named(value - 1) : 4;
      },
    };
    const { shorthand, later, arrow, expression } = object;
    assert.equal(
      [
        await gateway.call(shorthand, 1),
        await gateway.call(later, 1),
        await gateway.call(arrow, 1),
        await gateway.call(expression, 1),
      ],
      [2, 3, 4, 4],
    );
  });

  tests.testShared('globals that an execution makes are seen by later ones', async (gateway) => {
    await gateway.call(() => {
      (globalThis as { madeBefore?: number }).madeBefore = 5;
    });
    assert.is(await gateway.call(() => (globalThis as { madeBefore?: number }).madeBefore), 5);
  });

  tests.testShared(
    'globals that earlier executions made may be declared, and are then used by their names',
    async (gateway) => {
      await gateway.remoteExec('globalThis.declaredLater = (value) => value * 2;').waitClose();
      const source = (value: number) => declaredLater(value);
      assert.is(await gateway.call(source, 21, { globals: ['declaredLater'] }), 42);
      const channel = gateway.remoteExec(
        async (channel: Channel<never, number>) => channel.send(declaredLater(1)),
        undefined,
        { globals: ['declaredLater'] },
      );
      assert.is(await channel.receive(), 2);
      await channel.waitClose();
    },
  );

  tests.testBeside('many executions at once all run', async (gateway) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => gateway.call((value: number) => value * 2, index)),
    );
    assert.equal(
      results,
      Array.from({ length: 20 }, (_, index) => index * 2),
    );
  });

  tests.testWith(
    { stdio: 'pipe' },
    'what code prints, frames of the protocol included, disturbs no execution',
    async (gateway) => {
      const noise = async () => {
        const frame = Buffer.from([4, 0, 0, 0, 1, 0, 0, 0, 1, 0xc0]);
        for (let i = 0; i < 100; i++) process.stdout.write(frame);
        for (let i = 0; i < 100; i++) process.stderr.write(frame);
        console.log('printed by console');
        const { execFileSync } = await import('node:child_process');
        execFileSync('sh', ['-c', 'echo printed by a child'], { stdio: 'inherit' });
        process.stdout.write('end of noise\n');
      };
      await gateway.call(noise);
      assert.is(await gateway.call(() => 'undisturbed'), 'undisturbed');
      let printed = '';
      for await (const chunk of tests.printedBy(gateway) ?? []) {
        printed += chunk;
        if (printed.includes('end of noise')) break;
      }
      assert.match(printed, 'printed by console');
      assert.match(printed, 'printed by a child');
      assert.is(await gateway.call(() => 'still undisturbed'), 'still undisturbed');
    },
  );
}

/** A global of the remote end. */
declare const declaredLater: (value: number) => number;

function calls(tests: GatewayTests): void {
  tests.test('what has a method then is waited for as await does', async (gateway) => {
    /** What settles in some way when it is waited for. */
    const thenable = (how: string): unknown => {
      const waited = (resolve: (value: unknown) => void): void => {
        if (how === 'throws') throw new Error('at once');
        resolve(
          how === 'chain' ? Object.fromEntries([['then', (again: (n: number) => void) => again(1)]]) : 1,
        );
        if (how === 'twice') resolve(2);
        if (how === 'throws late') throw new Error('too late');
      };
      return Object.fromEntries([['then', waited]]);
    };
    for (const how of ['twice', 'chain', 'throws late']) assert.is(await gateway.call(thenable, how), 1, how);
    assert.is((await failureOf(gateway.call(thenable, 'throws'))).message, 'Error: at once');
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
  });

  tests.test('call resolves with what a function returns', async (gateway) => {
    assert.is(await gateway.call(({ a, b }: { a: number; b: number }) => a + b, { a: 1, b: 2 }), 3);
    assert.is(await gateway.call(() => undefined), undefined);
    assert.equal(await gateway.call((list: number[]) => list.map((n) => n * 2), [1, 2]), [2, 4]);
  });

  tests.test('call resolves with what an async function resolves with', async (gateway) => {
    const result = await gateway.call(async (path: string) => {
      const { dirname } = await import('node:path');
      return { folder: dirname(path) };
    }, '/a/b');
    assert.equal(result, { folder: '/a' });
  });

  tests.test('call rejects with the error of the function', async (gateway) => {
    const error = (await failureOf(
      gateway.call(() => {
        throw new RangeError('out of range');
      }),
    )) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'RangeError');
    assert.is(error.message, 'RangeError: out of range');
    const rejected = await failureOf(gateway.call(async () => Promise.reject(new Error('rejected'))));
    assert.is(rejected.message, 'Error: rejected');
  });

  tests.test('call rejects when the result can not be sent, and says where in it', async (gateway) => {
    const error = (await failureOf(
      gateway.call((() => ({ list: [1, () => 2] })) as () => unknown),
    )) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'DumpError');
    assert.is(error.remoteCode, 'ERR_EXECNET_DUMP');
    assert.match(error.message, '$.list[1]');
  });

  tests.test('a large argument and a large result arrive whole', async (gateway) => {
    const bytes = new Uint8Array(3 * 1024 * 1024).map((_, index) => index * 7);
    const reversed = await gateway.call((given: Uint8Array) => given.slice().reverse(), bytes);
    assert.equal(Buffer.compare(reversed, bytes.slice().reverse()), 0);
  });
}

function globals(tests: GatewayTests): void {
  tests.testWith({}, 'remote code may do with require what it likes', async (gateway) => {
    const spoil = (): void => {
      (globalThis as { require?: unknown }).require = () => {
        throw new Error('not for you');
      };
      delete (globalThis as { require?: unknown }).require;
    };
    await gateway.call(spoil);
    for (let round = 0; round < 3; round++) assert.is(await gateway.call((i: number) => i, round), round);
    const channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
      for await (const item of channel) await channel.send(item);
    });
    await channel.send(1);
    assert.is(await channel.receive(), 1);
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    channel.close();
  });
}

function start(tests: GatewayTests): void {
  tests.testWith({}, 'code sees nothing of how its interpreter was started', async (gateway) => {
    assertNothingSeen(await gateway.call(seenOfStart));
  });
}

function generators(tests: GatewayTests, { operations = false }: GatewayFixture): void {
  if (!operations) {
    tests.test('a generator function is an error that names the model which runs it', async (gateway) => {
      const starts = [
        () => gateway.remoteExec(function* () {}),
        () => gateway.remoteExec(() => (function* () {})()),
        () => gateway.remoteExec('return (function* () {})()'),
      ];
      for (const start of starts)
        assert.match((await failureOf(start().waitClose())).message, 'execmodel=structured');
    });
  }

  tests.test('an async generator function is an error', async (gateway) => {
    const channel = gateway.remoteExec(async function* () {
      yield 1;
    });
    assert.match((await failureOf(channel.waitClose())).message, 'async generator');
  });
}

function refusals(tests: GatewayTests): void {
  tests.test('what is no code is a TypeError', async (gateway) => {
    for (const source of [null, undefined, 7, {}, []]) {
      assert.instance(await failureOf(() => gateway.remoteExec(source as never)), TypeError);
    }
  });

  tests.test('call takes no source text', async (gateway) => {
    assert.instance(await failureOf(() => gateway.call('1 + 1')), TypeError);
  });

  tests.test('arguments that can not be sent are a DumpError, and nothing runs', async (gateway) => {
    const mark = (args: unknown) => {
      (globalThis as { ranWith?: unknown }).ranWith = args ?? 'nothing';
    };
    const error = (await failureOf(() =>
      gateway.remoteExec((_, args: unknown) => void Object.assign(globalThis, { ranWith: args }), {
        handler: () => {},
      } as never),
    )) as DumpError;
    assert.instance(error, DumpError);
    assert.is(error.code, 'ERR_EXECNET_DUMP');
    assert.match(error.path, 'handler');
    assert.instance(await failureOf(gateway.call(mark, { handler: Symbol('s') })), DumpError);
    assert.is(await gateway.call(() => (globalThis as { ranWith?: unknown }).ranWith), undefined);
    assert.match(gateway.toString(), ' 0 active channels');
  });
}
