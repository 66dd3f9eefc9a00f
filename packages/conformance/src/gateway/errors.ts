import { inspect } from 'node:util';
import { Channel, hasCode, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { placing } from './error-places.ts';
import { failureOf, type GatewayFixture, GatewayTests, remoteFailure } from './gateway-tests.ts';

/** What the local end is told of an error of remote code. */
export function errorSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'errors', fixture);
  describing(tests);
  strange(tests);
  placing(tests);
  oddities(tests);
  tests.run();
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

  tests.test('so do those of one that a channel is closed with', async (gateway) => {
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec<(string | undefined)[]>(
      `
      const error = await args.receive().catch((error) => error);
      await channel.send([error.remoteName, ...error.errors.map(String), error.errors[1].cause.message]);`,
      inner,
    );
    const two = new Error('two', { cause: new RangeError('why') });
    inner.close(new AggregateError([new TypeError('one'), two], 'all'));
    const [name, ...told] = await channel.receive();
    assert.is(name, 'AggregateError');
    assert.match(told.join('\n'), /TypeError: one\n.*Error: two\n.*why/);
    await channel.waitClose();
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

/** Values that throw when they are looked at, or are more than plain data. */
function strange(tests: GatewayTests): void {
  const THROWN: Readonly<Record<string, () => unknown>> = {
    'an object without a prototype': () => Object.create(null),
    'an error without a prototype': () => Object.setPrototypeOf(new Error('bare'), null),
    'what has no text': () => ({
      toString() {
        throw new Error('no text');
      },
    }),
    'a proxy that throws': () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error('get');
          },
          getPrototypeOf() {
            throw new Error('getPrototypeOf');
          },
        },
      ),
    'a revoked proxy': () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  };
  for (const [title, make] of Object.entries(THROWN))
    tests.test(`${title} that is thrown, or rejected with, fails its execution alone`, async (gateway) => {
      for (const way of ['throw value', 'return Promise.reject(value)', 'await null; throw value']) {
        const channel = gateway.remoteExec(`const value = (${make.toString()})(); ${way};`);
        assert.instance(await failureOf(channel.waitClose()), RemoteError);
      }
      assert.is(await gateway.call(() => 42), 42);
    });

  tests.test('data of any kind that is thrown, or that an error has, is there', async (gateway) => {
    const make = () => {
      class Response {
        status = 404;
      }
      const inner = Object.assign(new RangeError('inner'), { code: 'INNER' });
      return {
        response: new Response(),
        map: new Map([['key', new Set([1])]]),
        buffer: new ArrayBuffer(3),
        numbers: new Float64Array([1.5]),
        inner,
      };
    };
    const failed = async (text: string): Promise<RemoteError> =>
      (await failureOf(gateway.remoteExec(text).waitClose())) as RemoteError;
    const thrown = await failed(`throw (${make.toString()})()`);
    const owned = await failed(`throw Object.assign(new Error('x'), (${make.toString()})())`);
    for (const data of [thrown.thrown, owned.properties] as Record<string, unknown>[]) {
      assert.equal(data['response'], { status: 404 });
      assert.equal(data['map'], new Map([['key', new Set([1])]]));
      assert.is((data['buffer'] as ArrayBuffer).byteLength, 3);
      assert.equal(data['numbers'], new Float64Array([1.5]));
      const { stack, ...inner } = data['inner'] as Record<string, unknown>;
      assert.equal(inner, { name: 'RangeError', message: 'inner', code: 'INNER' });
      assert.match(String(stack), 'inner');
    }
  });

  tests.test('an object of the web that is thrown tells what it is', async (gateway) => {
    const response = await remoteFailure(gateway, () => {
      // oxlint-disable-next-line only-throw-error
      throw new Response('out of coffee', { status: 418 });
    });
    assert.match(response.message, '"status":418');
    assert.is((response.thrown as { status: number }).status, 418);
    const url = await remoteFailure(gateway, () => {
      // oxlint-disable-next-line only-throw-error
      throw new URL('https://example.org/a');
    });
    assert.match(response.message, '"ok":false');
    assert.is(url.thrown, 'https://example.org/a');
  });

  tests.test('a message or a name that is an object is told', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw Object.assign(new RangeError('x'), { message: { why: 'full' } });
    });
    assert.is(error.message, 'RangeError: {"why":"full"}');
    const named = await remoteFailure(gateway, () => {
      throw Object.assign(new RangeError('x'), { name: { of: 'it' } });
    });
    assert.match(named.message, '{"of":"it"}');
  });

  tests.test('of a long text both ends are there', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw Object.assign(new Error('it failed'), { stdout: `FIRST${'x'.repeat(100_000)}THE REASON` });
    });
    const stdout = String(error.properties?.['stdout']);
    assert.match(stdout, /^FIRSTx/);
    assert.match(stdout, /xTHE REASON$/);
    assert.match(stdout, /… \d+ characters left out …/);
    assert.ok(stdout.length < 20_000);
  });

  tests.test('what a callback throws is told as it is, at both ends', async (gateway) => {
    const there = gateway.remoteExec(async (channel: Channel<number>) => {
      channel.setCallback(() => {
        // oxlint-disable-next-line only-throw-error
        throw { a: 1 };
      });
      await channel.waitClose().catch(() => {});
    });
    await there.send(1);
    assert.equal(((await failureOf(there.receive())) as RemoteError).thrown, { a: 1 });
    const log = gateway.newChannel<unknown>();
    const here = gateway.remoteExec(async (channel: Channel<never, number>, log: Channel) => {
      await channel.send(1);
      await log.send(await channel.waitClose().catch((error) => error.thrown));
    }, log);
    const value = { a: 1 };
    here.setCallback(() => {
      // oxlint-disable-next-line only-throw-error
      throw value;
    });
    assert.is(await failureOf(here.waitClose()), value);
    log.close();
  });

  tests.test('both errors of a SuppressedError are there', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      // as the language makes it, which not every interpreter does
      throw Object.defineProperties(new Error('suppressed'), {
        name: { value: 'SuppressedError' },
        error: { value: new TypeError('of the disposal') },
        suppressed: { value: new RangeError('of the body') },
      });
    });
    assert.is(error.remoteName, 'SuppressedError');
    assert.equal(
      error.errors?.map(({ message }) => message),
      ['TypeError: of the disposal', 'RangeError: of the body'],
    );
  });

  tests.test('the message begins with the name of an error without frames', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw Object.defineProperty(new Error('bare'), 'stack', { value: 'Error: bare' });
    });
    assert.is(error.message, 'Error: bare');
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
    ['an error without a message', () => Promise.reject(new RangeError()), /^RangeError$/],
    [
      'an error whose message can not be read',
      () =>
        Promise.reject(
          Object.defineProperty(new Error('hidden'), 'message', {
            get() {
              throw new Error('no');
            },
          }),
        ),
      'can not be read',
    ],
    [
      'an error whose stack can not be read',
      () =>
        Promise.reject(
          Object.defineProperty(new RangeError('told'), 'stack', {
            get() {
              throw new Error('no');
            },
          }),
        ),
      'RangeError: told',
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
