import { Channel, type Gateway, hasCode, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled } from '../gateway-tests.ts';
import { itemsOf, KEEP, keptAs, type PythonFixture, PythonTests, pythonFile } from './python-tests.ts';

/** What the local end is told of an error of Python code, and Python code of one of the local end. */
export function pythonErrorSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'errors', fixture);
  describing(tests);
  chains(tests);
  placing(tests);
  oddities(tests);
  exits(tests);
  closing(tests);
  tests.run();
}

async function failureIn(gateway: Gateway, code: string): Promise<RemoteError> {
  const error = await failureOf(gateway.remoteExec(code).waitClose());
  assert.instance(error, RemoteError);
  return error as RemoteError;
}

function describing(tests: PythonTests): void {
  tests.test(
    'a remote error carries name, message and traceback, and says that it is remote',
    async (gateway) => {
      const error = await failureIn(gateway, "raise ValueError('the message')");
      assert.instance(error, Channel.RemoteError);
      assert.is(error.name, 'RemoteError');
      assert.ok(hasCode(error, 'ERR_EXECNET_REMOTE'));
      assert.is(error.remoteName, 'ValueError');
      assert.is(error.message, `${error.remoteName}: the message`);
      assert.is(error.remoteMessage, 'the message');
      assert.match(error.remoteStack, /^Traceback \(most recent call last\):\n/);
      assert.match(error.remoteStack, /\nValueError: the message$/);
      assert.match(error.stack ?? '', 'ValueError: the message');
      assert.is(error.cause, undefined);
    },
  );

  tests.test('a class of errors of its own is known by its name', async (gateway) => {
    const error = await failureIn(gateway, 'class OutOfPaper(Exception): pass\nraise OutOfPaper("tray", 2)');
    assert.is(error.remoteName, 'OutOfPaper');
    assert.match(error.message, /^\w+: \(u?'tray', 2\)$/);
  });

  tests.test('messages may hold any letters', async (gateway) => {
    assert.is((await failureIn(gateway, 'raise ValueError(u"é 漢 🦊")')).message, 'ValueError: é 漢 🦊');
  });

  tests.testOn3('half a surrogate pair in a message does not hide the error', async (gateway) => {
    const error = await failureIn(gateway, "raise ValueError('bad \\ud800 pair')");
    assert.is(error.remoteName, 'ValueError');
    assert.match(error.message, /^\w+: bad .* pair$/);
  });

  tests.testOn2('byte strings in a message do not hide the error', async (gateway) => {
    const error = await failureIn(gateway, "raise ValueError('bad \\xff bytes')");
    assert.is(error.remoteName, 'ValueError');
    assert.match(error.message, /^\w+: bad .* bytes$/);
  });

  tests.test(
    'what was sent before a failure arrives before it, and then every wait rejects with it',
    async (gateway) => {
      const channel = gateway.remoteExec<number, number>(
        "channel.send(1); channel.send(2); raise KeyError('the end')",
      );
      assert.is(await channel.receive(), 1);
      assert.is(await channel.receive(), 2);
      for (const wait of [
        () => channel.receive(),
        () => channel.receive(),
        () => channel.waitClose(),
        () => channel.send(1),
      ]) {
        const error = (await failureOf(wait())) as RemoteError;
        assert.instance(error, RemoteError);
        assert.is(error.remoteName, 'KeyError');
      }
      assert.ok(channel.isClosed);
    },
  );
}

function chains(tests: PythonTests): void {
  tests.testOn3('the cause of an error comes with it, a remote error of its own', async (gateway) => {
    const error = await failureIn(
      gateway,
      `
        def root():
            raise KeyError('root')
        try:
            try:
                root()
            except KeyError as error:
                raise ValueError('middle') from error
        except ValueError as error:
            raise RuntimeError('top') from error
      `,
    );
    assert.is(error.remoteMessage, 'top');
    const middle = error.cause as RemoteError;
    assert.instance(middle, RemoteError);
    assert.equal([middle.remoteName, middle.remoteMessage], ['ValueError', 'middle']);
    const root = middle.cause as RemoteError;
    assert.equal([root.remoteName, root.remoteMessage], ['KeyError', "'root'"]);
    assert.match(root.remoteStack, 'in root');
    assert.is(root.cause, undefined);
  });

  tests.testOn3(
    'an error during the handling of another has that for its cause, unless it is raised from None',
    async (gateway) => {
      const code = (suffix: string): string =>
        `try:\n    {}['a']\nexcept KeyError:\n    raise ValueError('top')${suffix}`;
      assert.is(((await failureIn(gateway, code(''))).cause as RemoteError).remoteName, 'KeyError');
      assert.is((await failureIn(gateway, code(' from None'))).cause, undefined);
    },
  );

  tests.testOn3('an endless chain of causes is cut', async (gateway) => {
    let error: unknown = await failureIn(
      gateway,
      "a, b = ValueError('a'), ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a",
    );
    let length = 0;
    for (; error instanceof RemoteError; error = error.cause) length++;
    assert.ok(length > 1 && length < 100, `${length} errors`);
  });
}

function placing(tests: PythonTests): void {
  tests.test('the traceback of source text counts its lines, and shows them', async (gateway) => {
    const error = await failureIn(
      gateway,
      `
        def divide(n):
            return 1 // n

        divide(0)
      `,
    );
    assert.is(error.remoteName, 'ZeroDivisionError');
    assert.match(error.remoteStack, /line 5, in <module>\n +divide\(0\)/);
    assert.match(error.remoteStack, /line 3, in divide\n +return 1 \/\/ n/);
  });

  tests.test('the traceback of a module names its file and lines, and shows them', async (gateway) => {
    using module = pythonFile(
      'def work(channel):\n    helper()\n\ndef helper():\n    raise OSError("no disk")\n\ndef run():\n    helper()\n',
    );
    for (const run of [
      () => gateway.remoteExec(module.function('work')).waitClose(),
      () => gateway.call(module.function('run')),
    ]) {
      const { remoteStack } = (await failureOf(run())) as RemoteError;
      assert.match(remoteStack, `File "${module.file}", line 5, in helper\n    raise OSError("no disk")`);
    }
    const { remoteStack } = (await failureOf(
      gateway.remoteExec(module.function('work')).waitClose(),
    )) as RemoteError;
    assert.match(remoteStack, `File "${module.file}", line 2, in work\n    helper()`);
  });

  tests.test('the traceback shows nothing of the remote end itself', async (gateway) => {
    const { remoteStack } = await failureIn(gateway, 'raise ValueError()');
    assert.is(remoteStack.match(/File "/g)?.length, 1, remoteStack);
  });

  tests.test('the stack ends with the place where the local program met the error', async (gateway) => {
    const [remote, local] = ((await failureIn(gateway, "raise ValueError('remote')")).stack ?? '').split(
      '--- local stack ---',
    );
    assert.match(remote ?? '', 'remote');
    assert.match(local ?? '', /errors\.[jt]s:\d+/);
  });

  tests.test('a call that takes too long is named, with its gateway', async (gateway) => {
    const slow = await failureOf(gateway.call('time.sleep', [0.3], { timeout: 1 }));
    assert.is(slow.code, 'ERR_EXECNET_TIMEOUT');
    assert.match(slow.message, /^the call of time\.sleep on \S+ \(.+\) took longer than 1 ms$/);
    await settled(gateway);
  });
}

function oddities(tests: PythonTests): void {
  tests.test('an error that can not be described is an error all the same', async (gateway) => {
    const error = await failureIn(
      gateway,
      "class Odd(Exception):\n    def __str__(self): raise ValueError('no')\n    __repr__ = __str__\nraise Odd()",
    );
    assert.is(error.remoteName, 'Odd');
  });

  tests.test('an error without a message, and one with a message of a megabyte, arrive', async (gateway) => {
    for (const name of ['ValueError', 'AssertionError', 'MemoryError', 'KeyboardInterrupt'])
      assert.is((await failureIn(gateway, `raise ${name}()`)).message, name);
    assert.is((await failureIn(gateway, 'assert 1 > 2')).message, 'AssertionError');
    assert.is((await failureIn(gateway, "raise ValueError('x' * 1000000)")).remoteMessage.length, 1_000_000);
  });

  tests.test('code that recurses too deep fails alone', async (gateway) => {
    const error = await failureIn(gateway, 'def deep(): deep()\ndeep()');
    assert.match(error.remoteName, /Recursion|RuntimeError|StackOverflow/);
    assert.is(await gateway.call('abs', [-1]), 1);
  });

  tests.test('KeyboardInterrupt that code raises itself is an error of its', async (gateway) => {
    assert.is((await failureIn(gateway, 'raise KeyboardInterrupt()')).remoteName, 'KeyboardInterrupt');
    assert.is(await gateway.call('abs', [-1]), 1);
  });

  if (tests.jython) {
    tests.test('an exception of Java is an error with its class and message', async (gateway) => {
      const error = await failureIn(gateway, "from java.lang import Integer\nInteger.parseInt('x')");
      assert.match(error.remoteName, 'NumberFormatException');
      assert.match(error.message, 'x');
    });
  }
}

function exits(tests: PythonTests): void {
  tests.test('sys.exit() ends its execution and nothing else', async (gateway) => {
    for (const code of ['', '0', 'None']) {
      const channel = gateway.remoteExec(`import sys; channel.send(1); sys.exit(${code}); channel.send(2)`);
      assert.equal(await itemsOf(channel), [1]);
    }
    const error = await failureIn(gateway, "import sys; sys.exit('out of paper')");
    assert.is(error.remoteName, 'SystemExit');
    assert.is(error.message, 'SystemExit: out of paper');
    assert.is(await gateway.call('abs', [-1]), 1);
  });
}

function closing(tests: PythonTests): void {
  tests.test(
    'code that closes its channel with a text or an error is heard to have failed',
    async (gateway) => {
      const text = (await failureOf(
        gateway.remoteExec("channel.close('a mere text')").receive(),
      )) as RemoteError;
      assert.instance(text, RemoteError);
      assert.is(text.message, 'a mere text');
      const error = (await failureOf(
        gateway.remoteExec("channel.close(KeyError('k'))").receive(),
      )) as RemoteError;
      assert.is(error.remoteName, 'KeyError');
    },
  );

  tests.test('closing with an error makes Python code fail with it', async (gateway) => {
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec(
      `
        for wait in (args.receive, args.waitclose, lambda: args.send(1)):
            try:
                wait()
            except channel.RemoteError as error:
                channel.send([type(error).__name__, str(error), error.formatted])
      `,
      inner,
    );
    inner.close(new TypeError('not what I expected'));
    const seen = (await itemsOf(channel)) as string[][];
    assert.is(seen.length, 3);
    for (const [name, text, formatted] of seen) {
      assert.is(name, 'RemoteError');
      assert.match(text ?? '', 'TypeError: not what I expected');
      assert.match(formatted ?? '', 'not what I expected');
    }
  });

  tests.test('so does one that others come with', async (gateway) => {
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec<string>(
      `
        try:
            args.receive()
        except channel.RemoteError as error:
            channel.send(error.formatted)
      `,
      inner,
    );
    const two = new Error('two', { cause: new RangeError('why') });
    inner.close(new AggregateError([new TypeError('one'), two], 'all'));
    assert.match(
      await channel.receive(),
      /^AggregateError: all\n.*^ {2}\[errors\]: TypeError: one\n.*^ {2}\[errors\]: Error: two\n.*^ {4}\[cause\]: RangeError: why/ms,
    );
    await channel.waitClose();
  });

  tests.test(
    'what an exception has besides its message comes with it, as far as it is data',
    async (gateway) => {
      const missing = await failureIn(gateway, "open('/no/such/file')");
      assert.is(missing.remoteCode, 'ENOENT');
      assert.is(missing.properties?.['errno'], 2);
      assert.is(missing.properties?.['filename'], '/no/such/file');
      const own = await failureIn(
        gateway,
        'error = ValueError("x")\nerror.status = 3\nerror.more = {"list": [1, (2, None)], "kind": object}\nraise error',
      );
      assert.is(own.properties?.['status'], 3);
      const more = own.properties?.['more'] as Record<string, unknown> | undefined;
      assert.equal(more?.['list'], [1, [2, null]]);
      assert.match(String(more?.['kind']), 'object');
      assert.is((await failureIn(gateway, 'raise ValueError("x")')).properties, undefined);
    },
  );

  tests.test('data of any kind that an exception has is there', async (gateway) => {
    const error = await failureIn(
      gateway,
      `
error = ValueError('the one')
error.some = {1, 2}
error.pairs = {(1, 2)}
error.none = frozenset()
error.keys = {1: u'one'}
error.inner = ValueError(u'inner')
error.inner.code = 3
raise error`,
    );
    const { some, pairs, none, keys, inner } = error.properties as Record<string, unknown>;
    assert.equal(some, new Set([1, 2]));
    assert.equal(pairs, [[1, 2]]);
    assert.is((none as Set<unknown>).size, 0);
    assert.equal(keys, new Map([[1, 'one']]));
    assert.equal(inner, { name: 'ValueError', message: 'inner', code: 3 });
  });

  tests.test('nothing that an exception has hides it', async (gateway) => {
    // Jython has no such texts
    const half = tests.jython ? 'half' : '\\udce9';
    for (const [odd, told] of [
      ['error.errno = [1]', undefined],
      ["error.exceptions = (ValueError('inner'), 3)", undefined],
      ['error.bad = type("Bad", (object,), {"__repr__": lambda self: 1 / 0})()', undefined],
      ['error.deep = []\nfor _ in range(2000): error.deep = [error.deep]', undefined],
      ['error.itself = error.__dict__', undefined],
      [`error.text = u'half a ${half} pair'`, undefined],
      ['error = OSError(2, "the one", "x")\nerror.more = 1', 'ENOENT'],
      ['error = type("SSLError", (OSError,), {})(1, "the one")', undefined],
      // it answers no question, as wrappers do that ask themselves
      [
        'class Hostile(ValueError):\n    def __getattr__(self, name): raise KeyError(name)\nerror = Hostile("the one")',
        undefined,
      ],
      [
        'class Endless(ValueError):\n    def __getattr__(self, name): return getattr(self.inner, name)\nerror = Endless("the one")',
        undefined,
      ],
    ] as const) {
      const error = await failureIn(gateway, `error = ValueError('the one')\n${odd}\nraise error`);
      assert.match(error.message, 'the one');
      assert.is(error.remoteCode, told);
    }
    const items = gateway.newChannel<never, number>();
    const fails = `
def fails(item):
    error = ValueError('in a callback')
    error.filename = u'${half}'
    raise error
args.setcallback(fails)`;
    await gateway.remoteExec(fails, items).waitClose();
    void items.send(1);
    assert.match((await failureOf(items.waitClose())).message, 'in a callback');
  });

  tests.test(
    'the errors of an ExceptionGroup, or of what is one before Python 3.11, come with it',
    async (gateway) => {
      const error = await failureIn(
        gateway,
        `
try:
    ExceptionGroup
except NameError:
    class ExceptionGroup(Exception):
        def __init__(self, message, exceptions):
            Exception.__init__(self, message)
            self.exceptions = tuple(exceptions)
raise ExceptionGroup('both', [ValueError('one'), ExceptionGroup('inner', [KeyError('two')])])`,
      );
      assert.is(error.remoteName, 'ExceptionGroup');
      const [one, inner] = error.errors ?? [];
      assert.instance(one, RemoteError);
      assert.is(one?.message, 'ValueError: one');
      assert.is(inner?.errors?.[0]?.message, "KeyError: 'two'");
    },
  );

  tests.test('a remote error that Python code does not catch comes back as its own', async (gateway) => {
    const inner = gateway.newChannel();
    const failing = gateway.remoteExec('args.receive()', inner).waitClose();
    inner.close('a mere text');
    const error = (await failureOf(failing)) as RemoteError;
    assert.is(error.remoteName, 'RemoteError');
    assert.match(error.message, 'a mere text');
  });

  tests.test('the error of an execution whose channel nobody reads breaks nothing', async (gateway) => {
    const channel = gateway.remoteExec(
      `${KEEP}\nchannel.close()\nkeep('went_on', True)\nraise ValueError('unheard')`,
    );
    await channel.waitClose();
    assert.is(await gateway.call('abs', [-1]), 1);
    while ((await keptAs(gateway, 'went_on')) !== true);
  });
}
