import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { Channel, type Gateway, hasCode, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** What the local end is told of an error of remote code. */
export function errorSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'errors', fixture);
  describing(tests);
  placing(tests);
  oddities(tests);
  tests.run();
}

async function remoteFailure(
  gateway: Gateway,
  fn: (arg: unknown) => unknown,
  arg?: unknown,
): Promise<RemoteError> {
  const error = await failureOf(gateway.call(fn, arg));
  assert.instance(error, RemoteError);
  return error as RemoteError;
}

function describing(tests: GatewayTests): void {
  tests.test(
    'a remote error carries name, message and stack of the error, and says that it is remote',
    async (gateway) => {
      const error = await remoteFailure(gateway, () => {
        throw new TypeError('the message');
      });
      assert.instance(error, Channel.RemoteError);
      assert.is(error.name, 'RemoteError');
      assert.is(error.code, 'ERR_EXECNET_REMOTE');
      assert.ok(hasCode(error, 'ERR_EXECNET_REMOTE'));
      assert.is(error.remoteName, 'TypeError');
      assert.is(error.message, `${error.remoteName}: the message`);
      assert.is(error.remoteMessage, 'the message');
      assert.match(error.remoteStack, /^TypeError: the message\n/);
      assert.match(error.stack ?? '', /^RemoteError: TypeError: the message\n/);
      assert.is(error.remoteCode, undefined);
      assert.is(error.cause, undefined);
    },
  );

  tests.test('a remote error carries the code of the error', async (gateway) => {
    const error = await remoteFailure(gateway, async () => {
      const { readFileSync } = await import('node:fs');
      return readFileSync('/no/such/file');
    });
    assert.is(error.remoteCode, 'ENOENT');
    assert.match(error.message, '/no/such/file');
  });

  tests.test('a class of errors of its own is known by its name', async (gateway) => {
    const byClass = await remoteFailure(gateway, () => {
      class OutOfPaper extends Error {}
      throw new OutOfPaper('tray 2');
    });
    assert.is(byClass.remoteName, 'OutOfPaper');
    assert.match(byClass.remoteStack, 'tray 2');
    const byName = await remoteFailure(gateway, () => {
      throw Object.assign(new Error('tray 3'), { name: 'PrinterError' });
    });
    assert.is(byName.remoteName, 'PrinterError');
  });

  tests.test('the causes of an error come with it, each a remote error of its own', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      const root = Object.assign(new RangeError('root'), { code: 'E_ROOT' });
      const middle = new TypeError('middle', { cause: root });
      throw new Error('top', { cause: middle });
    });
    assert.is(error.remoteMessage, 'top');
    const middle = error.cause as RemoteError;
    assert.instance(middle, RemoteError);
    assert.equal([middle.remoteName, middle.remoteMessage], ['TypeError', 'middle']);
    const root = middle.cause as RemoteError;
    assert.equal([root.remoteName, root.remoteMessage, root.remoteCode], ['RangeError', 'root', 'E_ROOT']);
    assert.is(root.cause, undefined);
  });

  tests.test('a cause that is no error is told in words', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw new Error('top', { cause: 'a mere text' });
    });
    assert.is((error.cause as RemoteError).message, 'a mere text');
  });

  tests.test('the errors that an AggregateError puts together come with it', async (gateway) => {
    const error = await remoteFailure(gateway, async () => {
      const inner = new AggregateError([new RangeError('two', { cause: new Error('why') })], 'inner');
      await Promise.any([
        Promise.reject(new TypeError('one')),
        Promise.reject(inner),
        Promise.reject('text'),
      ]);
    });
    assert.is(error.remoteName, 'AggregateError');
    const [one, inner, text] = error.errors ?? [];
    assert.instance(one, RemoteError);
    assert.is(one?.message, 'TypeError: one');
    assert.is(inner?.errors?.[0]?.message, 'RangeError: two');
    assert.match(String(inner?.errors?.[0]?.cause), 'Error: why');
    assert.equal([text?.message, text?.thrown], ['text', 'text']);
  });

  tests.test('errors that hold themselves are told as far as that goes', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      const error = new AggregateError([], 'all');
      error.errors.push(error, error);
      throw Object.assign(error, { self: error, list: [error] });
    });
    assert.is(error.message, 'AggregateError: all');
    assert.equal(error.properties, { self: 'AggregateError: all', list: ['AggregateError: all'] });
    const count = (one: RemoteError): number =>
      (one.errors ?? []).reduce((sum, inner) => sum + count(inner), 1);
    assert.ok(count(error) > 1);
    assert.ok(count(error) <= 64, `${count(error)} errors`);
  });

  tests.test('the properties of an error that are data come with it', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw Object.assign(new Error('it failed'), {
        code: 3,
        stdout: new Uint8Array([1, 2]),
        nested: { list: [1, 'two', null], made: new Date(0) },
        work: () => {},
        child: new (class Child {})(),
        text: 'x'.repeat(1_000_000),
      });
    });
    const odd = await remoteFailure(gateway, () => {
      const error = Object.assign(new Error('the message'), {
        large: new Float64Array(300_000),
        list: [[[]]],
      });
      Object.defineProperty(error, 'bad', {
        enumerable: true,
        get: () => {
          throw new Error('of the getter');
        },
      });
      throw error;
    });
    assert.is(odd.message, 'Error: the message');
    assert.is(odd.properties?.['bad'], 'a value that can not be read');
    assert.ok(String(odd.properties?.['large']).length < 20_000);
    const { text, work, child, ...properties } = error.properties as Record<string, unknown>;
    assert.equal(properties, {
      code: 3,
      stdout: new Uint8Array([1, 2]),
      nested: { list: [1, 'two', null], made: new Date(0) },
    });
    assert.match(String(work), '=>');
    assert.is(child, '[object Object]');
    assert.ok(String(text).length > 1000);
    assert.ok(String(text).length < 100_000);
    assert.is((await remoteFailure(gateway, () => decodeURI('%'))).properties, undefined);
  });

  tests.test('what is thrown and is no error is there as data', async (gateway) => {
    for (const [thrown, said] of [
      [{ status: 3, list: [1] }, 'object thrown: {"status":3,"list":[1]}'],
      ['a mere text', 'a mere text'],
      [42, 'number thrown: 42'],
      [null, 'object thrown: null'],
      [undefined, 'undefined thrown: undefined'],
    ] as const) {
      const error = await remoteFailure(
        gateway,
        (value) => {
          throw value;
        },
        thrown,
      );
      assert.is(error.message, said);
      assert.ok('thrown' in error);
      assert.equal(error.thrown, thrown);
      assert.match(inspect(error), /thrown: /);
    }
    const error = await remoteFailure(gateway, () => {
      throw new Error('top', { cause: { status: 3 } });
    });
    assert.equal((error.cause as RemoteError).thrown, { status: 3 });
  });

  tests.test('an error that no code of an execution caught arrives at its channel', async (gateway) => {
    assert.ok(gateway.hasReceiver);
    const channel = gateway.remoteExec(async (channel: Channel<never, string>) => {
      await channel.send('running');
      await Promise.all([channel.receive(), Promise.reject(new RangeError('in passing'))]);
    });
    assert.is(await channel.receive(), 'running');
    assert.is(((await failureOf(channel.receive())) as RemoteError).remoteName, 'RangeError');
  });
}

function placing(tests: GatewayTests): void {
  tests.test('the stack names file and line where the author of a function wrote it', async (gateway) => {
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.call(() => {
    throw new Error('line 3');
  }),
  async (gateway) => await gateway.call(async (args) => {
    const inner = () => {
      throw new Error('line 7');
    };
    await null;
    inner();
  }),
  async (gateway) => await gateway.remoteExec(function declared(channel) {

    null.property;
  }).waitClose(),
  async (gateway) => await gateway.remoteExec(async (channel) => channel.close(new Error('line 16'))).waitClose(),
];
`);
    const stacks: string[] = [];
    for (const call of module.calls) stacks.push((await failureOf(call(gateway))).stack ?? '');
    const [direct, nested, declared, closing] = stacks as [string, string, string, string];
    assert.match(direct, `${module.file}:3:`);
    assert.match(nested, `${module.file}:7:`);
    assert.match(nested, `${module.file}:10:`);
    assert.match(declared, `${module.file}:14:`);
    assert.match(closing, `${module.file}:16:`);
  });

  tests.test('the stack ends with the place where the local program met the error', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw new Error('remote');
    });
    const [remote, local] = (error.stack ?? '').split('--- local stack ---');
    assert.match(remote ?? '', 'remote');
    assert.type(local, 'string');
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.call(() => { throw new Error('2'); }),
  async (gateway) => await gateway.remoteExec(() => { throw new Error('3'); }).receive(),
  async (gateway) => await gateway.remoteExec(() => { throw new Error('4'); }).waitClose(),
  async (gateway) => { for await (const _ of gateway.remoteExec(() => { throw new Error('5'); })); },
  async (gateway) => await gateway.remoteExec((channel) => channel.close(new Error('6'))).receive(),
  async (gateway) => { const channel = gateway.remoteExec(() => { throw new Error('7'); });
    while (!channel.isClosed) await gateway.remoteStatus();
    await channel.receive();
  },
  async (gateway) => (await Promise.all([1, gateway.call(() => { throw new Error('11'); })])),
  async (gateway) => await gateway.remoteExec('await new Promise((resolve) => setTimeout(resolve, 200))').receive({ timeout: 1 }),
  async (gateway) => await gateway.call(function slow() { return new Promise((resolve) => setTimeout(resolve, 200)); }, undefined, { timeout: 1 }),
];
`);
    const lines = [2, 3, 4, 5, 6, 9, 11, 12, 13];
    for (const [index, call] of module.calls.entries()) {
      const failed = await failureOf(call(gateway));
      const { stack = '' } = failed;
      const here = failed instanceof RemoteError ? stack.slice(stack.indexOf('--- local stack ---')) : stack;
      // JavaScriptCore knows where it was called, but not who awaits
      if ('bun' in process.versions) {
        if (failed instanceof RemoteError) assert.match(here, new RegExp(`${module.file}:\\d`));
      } else {
        assert.match(here, `${module.file}:${lines[index]}:`);
        assert.not.match(here, 'channel-state');
      }
    }
  });

  tests.test('a wait that takes too long names what was waited for, and the gateway', async (gateway) => {
    const name = `${gateway.id} (${gateway.remoteAddress})`;
    const slow = await failureOf(
      gateway.call(
        function slow() {
          return new Promise((resolve) => setTimeout(resolve, 200));
        },
        undefined,
        { timeout: 1 },
      ),
    );
    assert.equal(
      [slow.code, slow.message],
      ['ERR_EXECNET_TIMEOUT', `the call of slow on ${name} took longer than 1 ms`],
    );
    const unnamed = await failureOf(
      gateway.call(() => new Promise((resolve) => setTimeout(resolve, 200)), undefined, { timeout: 1 }),
    );
    assert.is(unnamed.message, `a call on ${name} took longer than 1 ms`);
    const channel = gateway.remoteExec('await channel.receive()');
    const waiting = await failureOf(channel.receive({ timeout: 1 }));
    assert.is(waiting.message, `receive() on channel ${channel.id} of ${name} took longer than 1 ms`);
    channel.close();
  });

  tests.test('the stack of source text counts its lines', async (gateway) => {
    const error = await failureOf(
      gateway.remoteExec("const one = 1;\n\nthrow new Error('in line ' + (one + 2));").waitClose(),
    );
    assert.match((error as RemoteError).remoteStack, /execnet:source:3\b/);
  });

  tests.test('a text with a syntax error is an error with the line, and shows it', async (gateway) => {
    for (const [text, place, line] of [
      ['const one = 1;\nlet two = ;\n', '2:11', '    let two = ;\n              ^\n'],
      ['let = ;', '1:7', '    let = ;\n          ^\n'],
      ['const one = 1;\nif (one) {\n', '3:1', '    \n    ^\n'],
    ] as const) {
      const error = (await failureOf(gateway.remoteExec(text).waitClose())) as RemoteError;
      assert.is(error.remoteName, 'SyntaxError');
      assert.ok(error.message.endsWith(` (execnet:source:${place})`), error.message);
      assert.ok(error.stack?.includes(line), error.stack);
    }
    const thrown = (await failureOf(gateway.remoteExec("JSON.parse('{')").waitClose())) as RemoteError;
    assert.is(thrown.remoteName, 'SyntaxError');
    assert.not.match(thrown.message, 'execnet:source');
  });

  tests.test('a module that can not be loaded is named by its file, not by its text', async (gateway) => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-module-'));
    try {
      for (const [text, said] of [
        ['export default () => 1;\nexport function broken() {\n  return 1 +;\n}\n', /:3:1[0-9]/],
        ["import './beside.mjs';\nexport default () => 1;\n", /can import builtins and absolute URLs only/],
        [
          "export default async () => await import('./beside.mjs');\n",
          /can import builtins and absolute URLs only/,
        ],
      ] as const) {
        const file = join(folder, 'module.mjs');
        // a text of a size that nobody wants to read in a message
        writeFileSync(file, `${text}// ${'x'.repeat(100_000)}\n`);
        const error = (await failureOf(gateway.remoteExec(pathToFileURL(file)).waitClose())) as RemoteError;
        assert.instance(error, RemoteError);
        assert.match(error.message, file);
        assert.match(error.message, said);
        for (const shown of [error.message, error.stack ?? '']) {
          assert.not.match(shown, /data:|xxxx|\[0m/);
          assert.ok(shown.length < 4000, `${shown.length} characters`);
        }
      }
      // what the code says itself is none of our business
      const file = join(folder, 'own.mjs');
      writeFileSync(
        file,
        "export default () => { throw new Error('\\u001b[31m$& $$5 can not resolve\\u001b[39m'); };\n",
      );
      const error = (await failureOf(gateway.remoteExec(pathToFileURL(file)).waitClose())) as RemoteError;
      assert.is(error.remoteMessage, '\u001b[31m$& $$5 can not resolve\u001b[39m');
      assert.ok(error.stack?.includes(error.remoteMessage), error.stack);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function oddities(tests: GatewayTests): void {
  for (const [title, fn, message] of [
    ['a text', () => Promise.reject('only text'), 'only text'],
    ['nothing', () => Promise.reject(undefined), 'undefined thrown: undefined'],
    ['null', () => Promise.reject(null), 'thrown: null'],
    ['a number', () => Promise.reject(42), 'number thrown: 42'],
    ['an object', () => Promise.reject({ a: 1 }), 'thrown'],
    ['a symbol', () => Promise.reject(Symbol('s')), 'Symbol(s)'],
    ['an error without a message', () => Promise.reject(new Error()), ''],
    [
      'an error that can not be read',
      () =>
        Promise.reject(
          Object.defineProperty(new Error('hidden'), 'message', {
            get() {
              throw new Error('no');
            },
          }),
        ),
      'described',
    ],
  ] as const) {
    tests.test(`${title} thrown is an error all the same`, async (gateway) => {
      assert.match((await remoteFailure(gateway, fn)).message, message);
    });
  }

  tests.test('an error with a message of a megabyte arrives', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw new Error('x'.repeat(1024 * 1024));
    });
    assert.is(error.remoteMessage.length, 1024 * 1024);
  });

  tests.test('an endless chain of causes is cut', async (gateway) => {
    let error: unknown = await remoteFailure(gateway, () => {
      const error = new Error('round');
      error.cause = error;
      throw error;
    });
    let length = 0;
    for (; error instanceof RemoteError; error = error.cause) length++;
    assert.ok(length > 1 && length < 100, `${length} errors`);
  });

  tests.test('properties of an error that can not be sent do not hide it', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw Object.assign(new Error('with a handler'), { handler: () => {} });
    });
    assert.is(error.message, 'Error: with a handler');
  });
}

interface LoadedModule extends Disposable {
  readonly file: string;
  readonly calls: readonly ((gateway: Gateway) => Promise<unknown>)[];
}

async function moduleOf(text: string): Promise<LoadedModule> {
  const folder = mkdtempSync(join(tmpdir(), 'execnet-author-'));
  const file = join(folder, 'author.mjs');
  writeFileSync(file, text);
  const { calls } = await import(pathToFileURL(file).href);
  return {
    file,
    calls,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
