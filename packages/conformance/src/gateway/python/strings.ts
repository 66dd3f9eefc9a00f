import { isDeepStrictEqual } from 'node:util';
import { Tuple } from '@execnet/core';
import * as assert from 'uvu/assert';
import { ECHO, evaluate, itemsOf, type PythonFixture, PythonTests } from './python-tests.ts';

/** The two kinds of strings of Python 2, and how a gateway and a channel are told what becomes of them. */
export function pythonStringSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'strings', fixture);
  if (tests.python2) {
    strings(tests);
    perChannel(tests);
    fromThere(tests);
    gateways(tests);
  } else {
    one(tests);
  }
  tests.run();
}

const BYTES = new Uint8Array([0xc3, 0xa9, 0x00, 0xff]);

/** What the arguments of an execution are of, sent as text, so that nothing becomes of it. */
const KIND = "type(args).__name__ + ' ' + repr(args)";

function strings(tests: PythonTests): void {
  tests.test('a str arrives as a string, its bytes latin-1, and unicode as what it is', async (gateway) => {
    assert.is(await evaluate(gateway, "'abc'"), 'abc');
    assert.is(await evaluate(gateway, "'\\xc3\\xa9\\x00\\xff'"), 'Ã©\0ÿ');
    assert.is(await evaluate(gateway, "u'\\xe9 \\u20ac'"), 'é €');
  });

  tests.test('a string arrives there as unicode, bytes as str', async (gateway) => {
    assert.is(await evaluate(gateway, KIND, 'abc'), "unicode u'abc'");
    assert.is(await evaluate(gateway, KIND, BYTES), "str '\\xc3\\xa9\\x00\\xff'");
  });

  tests.test('keys, and what is inside of containers, are strings as others are', async (gateway) => {
    assert.equal(await evaluate(gateway, "{'k': ['v', (u'u',)]}"), { k: ['v', new Tuple('u')] });
    assert.is(await evaluate(gateway, 'repr(args)', { k: ['v'] }), "{u'k': [u'v']}");
  });

  tests.test('ints and longs arrive as numbers, or bigints beyond what is safe', async (gateway) => {
    for (const [expression, expected] of [
      ['5L', 5],
      ['-5L', -5],
      ['2L ** 31', 2 ** 31],
      ['-2L ** 31', -(2 ** 31)],
      ["__import__('sys').maxint", undefined],
      ['2L ** 80', 2n ** 80n],
    ] as const) {
      const value = await evaluate(gateway, expression);
      if (expected !== undefined) assert.is(value, expected);
      else assert.ok(value === 2 ** 31 - 1 || value === 2n ** 63n - 1n);
    }
  });

  tests.test('keyword arguments are given by strings', async (gateway) => {
    assert.equal(await gateway.call('dict', { a: 'b' }), { a: 'b' });
  });
}

function perChannel(tests: PythonTests): void {
  tests.test(
    'a channel may be told to give str as bytes, and to make str of strings there',
    async (gateway) => {
      const channel = gateway.remoteExec<unknown, unknown>(`
      channel.receive()
      for item in channel:
          channel.send(unicode(type(item).__name__))
          channel.send('\\xff')
    `);
      channel.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
      await channel.send('behind it');
      await channel.send('text');
      assert.is(await channel.receive(), 'str');
      assert.equal(await channel.receive(), new Uint8Array([0xff]));
      channel.reconfigure({});
      await channel.send('text');
      assert.is(await channel.receive(), 'unicode');
      assert.is(await channel.receive(), 'ÿ');
      channel.close();
      assert.is(
        await evaluate(gateway, "'other channels are not concerned'"),
        'other channels are not concerned',
      );
    },
  );

  tests.test('so may one that was passed on, and only that', async (gateway) => {
    const inner = gateway.newChannel<unknown, unknown>();
    inner.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
    const channel = gateway.remoteExec<unknown>(
      `
        item = args.receive()
        args.send('\\xff' if isinstance(item, str) else u'no')
        channel.send('text')
      `,
      inner,
    );
    await inner.send('text');
    assert.equal(await inner.receive(), new Uint8Array([0xff]));
    assert.equal(await itemsOf(channel), ['text']);
    inner.close();
  });
}

function fromThere(tests: PythonTests): void {
  tests.test(
    'Python code may tell its channel what becomes of strings that arrive there',
    async (gateway) => {
      const channel = gateway.remoteExec<unknown, string>(`
      channel.reconfigure(py2str_as_py3str=True, py3str_as_py2str=True)
      channel.send(unicode(type(channel.receive()).__name__))
      channel.reconfigure()
      channel.send(unicode(type(channel.receive()).__name__))
    `);
      await channel.send('text');
      assert.is(await channel.receive(), 'str');
      await channel.send('text');
      assert.is(await channel.receive(), 'unicode');
      await channel.waitClose();
    },
  );
}

function gateways(tests: PythonTests): void {
  tests.testWith({}, 'a gateway may be told for all channels that are made from then on', async (gateway) => {
    const before = gateway.remoteExec<unknown, unknown>(ECHO);
    gateway.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
    assert.is(Buffer.from(await evaluate(gateway, KIND, 'text')).toString(), "str 'text'");
    assert.equal(await evaluate(gateway, "['\\xff', u'\\xff']"), [new Uint8Array([0xff]), 'ÿ']);
    await before.send('text');
    assert.is(await before.receive(), 'text');
    before.close();
    gateway.reconfigure({});
    assert.is(await evaluate(gateway, KIND, 'text'), "unicode u'text'");
    assert.is(await evaluate(gateway, "'text'"), 'text');
    // its own answers are no strings of the user's
    gateway.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
    assert.is((await gateway.remoteStatus()).execmodel, 'thread');
    assert.is((await gateway.remoteInfo()).platform, gateway.peer.platform);
    assert.is(await gateway.call('abs', [-1]), 1);
    const error = await gateway
      .remoteExec("raise ValueError('still text')")
      .waitClose()
      .catch((error: Error) => error);
    assert.is((error as Error).message, 'ValueError: still text');
  });
}

function one(tests: PythonTests): void {
  tests.test('Python 3 has one kind of string, which no setting changes', async (gateway) => {
    for (const options of [{ py2strAsPy3str: false, py3strAsPy2str: true }, {}]) {
      gateway.reconfigure(options);
      assert.ok(
        isDeepStrictEqual(await evaluate(gateway, "[repr(args), 'é', b'\\xff']", 'text'), [
          "'text'",
          'é',
          new Uint8Array([255]),
        ]),
      );
    }
    const channel = gateway.remoteExec<unknown, unknown>(
      'channel.reconfigure(py3str_as_py2str=True)\nfor item in channel: channel.send(item)',
    );
    channel.reconfigure({ py2strAsPy3str: false });
    await channel.send(['é', BYTES]);
    assert.ok(isDeepStrictEqual(await channel.receive(), ['é', BYTES]));
    channel.close();
  });
}
