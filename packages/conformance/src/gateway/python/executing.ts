import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Channel, DumpError, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { evaluate, itemsOf, KEEP, type PythonFixture, PythonTests, pythonFile } from './python-tests.ts';

/** What `remoteExec` and `call` run in Python, and what they refuse to run. */
export function pythonExecutingSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'executing', fixture);
  sourceText(tests);
  modules(tests);
  definitions(tests);
  surroundings(tests);
  functions(tests);
  calls(tests);
  refusals(tests);
  tests.run();
}

function sourceText(tests: PythonTests): void {
  tests.test(
    'source text has channel and args in its globals, and a name that tells what it is',
    async (gateway) => {
      const channel = gateway.remoteExec(
        `
        def twice(value):
            # functions see the globals
            return value * args['factor']

        channel.send([__name__, twice(21)])
      `,
        { factor: 2 },
      );
      assert.equal(await channel.receive(), ['__channelexec__', 42]);
      await channel.waitClose();
      assert.ok(channel.isClosed);
    },
  );

  tests.test('without arguments args is None', async (gateway) => {
    assert.is(await evaluate(gateway, 'args is None'), true);
  });

  tests.test('args are any value', async (gateway) => {
    assert.is(await evaluate(gateway, 'args + 1', 41), 42);
    assert.equal(await evaluate(gateway, 'args[1:]', [1, 'a', null]), ['a', null]);
  });

  tests.test(
    'remoteExec returns its channel at once, and what is sent before the code has started arrives',
    async (gateway) => {
      const channel = gateway.remoteExec<string, string>('channel.send(channel.receive())');
      assert.instance(channel, Channel);
      void channel.send('sent at once');
      assert.is(await channel.receive(), 'sent at once');
      await channel.waitClose();
    },
  );

  tests.test(
    'indentation that all lines have is none, and what lines have beyond it stays',
    async (gateway) => {
      const channel = gateway.remoteExec(`
          for n in range(2):
            # a line with more, and one with nothing

            if n:
                channel.send(n)
          channel.send('end')
    `);
      assert.equal(await itemsOf(channel), [1, 'end']);
      assert.equal(
        await itemsOf(gateway.remoteExec('\tif True:\n\t\tchannel.send(1)\n\tchannel.send(2)')),
        [1, 2],
      );
      assert.equal(await itemsOf(gateway.remoteExec('if True:\n  channel.send(1)')), [1]);
    },
  );

  tests.test(
    'source text may end in a comment, without a line end, and have those of Windows',
    async (gateway) => {
      assert.equal(await itemsOf(gateway.remoteExec('channel.send(1) # the end')), [1]);
      assert.equal(
        await itemsOf(gateway.remoteExec('if True:\r\n  channel.send(1)\r\nchannel.send(2)\r\n')),
        [1, 2],
      );
      await gateway.remoteExec('').waitClose();
      await gateway.remoteExec('# nothing').waitClose();
    },
  );

  tests.test('source text may hold letters of any language, and declare its encoding', async (gateway) => {
    assert.is(await evaluate(gateway, 'u"é漢🦊"'), 'é漢🦊');
    for (const encoding of ['utf-8', 'latin-1', 'ascii']) {
      const channel = gateway.remoteExec(`# -*- coding: ${encoding} -*-\nchannel.send(u'é漢')`);
      assert.is(await channel.receive(), 'é漢');
      await channel.waitClose();
    }
  });

  tests.test('source text may import from the future, which later texts see nothing of', async (gateway) => {
    const channel = gateway.remoteExec(`
      """A text about it."""
      from __future__ import division
      channel.send(1 / 2)
    `);
    assert.is(await channel.receive(), 0.5);
    await channel.waitClose();
    assert.is(await evaluate(gateway, '1 / 2'), tests.python2 ? 0 : 0.5);
  });

  tests.test('source text that can not be parsed is the error of its channel', async (gateway) => {
    const error = (await failureOf(gateway.remoteExec('x = 1\ndef = 3').waitClose())) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'SyntaxError');
    assert.match(error.remoteStack, 'line 2');
    const indented = (await failureOf(gateway.remoteExec('if True:\nx = 1').waitClose())) as RemoteError;
    assert.is(indented.remoteName, tests.jython ? 'SyntaxError' : 'IndentationError');
  });

  tests.test('two texts do not see each other’s names, and do see the same modules', async (gateway) => {
    await gateway.remoteExec('import sys; mine = 1; sys.seen_by_all = 2').waitClose();
    const channel = gateway.remoteExec("import sys; channel.send(['mine' in globals(), sys.seen_by_all])");
    assert.equal(await channel.receive(), [false, 2]);
    await channel.waitClose();
  });

  tests.test('many executions at once all run', async (gateway) => {
    const channels = Array.from({ length: 20 }, (_, n) =>
      gateway.remoteExec<number>('channel.send(args * 2)', n),
    );
    const results = await Promise.all(channels.map((channel) => channel.receive()));
    assert.equal(
      results,
      channels.map((_, n) => n * 2),
    );
    await Promise.all(channels.map((channel) => channel.waitClose()));
  });

  tests.test('hundreds of executions one after the other all run', async (gateway) => {
    for (let n = 0; n < 300; n++) assert.is(await gateway.call('abs', [-n]), n);
  });
}

const MODULE = `
import os.path

suffix = '!'

def describe(channel, path, greeting='hello', **more):
    channel.send([greeting, os.path.basename(path) + suffix, more])
    return 'not sent'

def echo(channel):
    for item in channel:
        channel.send(item)

def double(x):
    return x * 2

def nothing():
    pass

if __name__ == '__channelexec__' and 'args' in globals():
    channel.send(['run', args, os.path.basename(__file__)])
`;

function modules(tests: PythonTests): void {
  tests.test('the module behind a file URL runs as source text does', async (gateway) => {
    using module = pythonFile(MODULE);
    const channel = gateway.remoteExec(module.url, { a: [1] });
    assert.equal(await itemsOf(channel), [['run', { a: [1] }, 'job.py']]);
  });

  tests.test('a module is read in the encoding that it declares, or as UTF-8', async (gateway) => {
    using utf8 = pythonFile('channel.send(u"é漢")');
    assert.equal(await itemsOf(gateway.remoteExec(utf8.url)), ['é漢']);
    using marked = pythonFile('\ufeffchannel.send(u"é")');
    assert.equal(await itemsOf(gateway.remoteExec(marked.url)), ['é']);
    using latin1 = pythonFile(Buffer.from('# coding: latin-1\nchannel.send(u"é")', 'latin1'));
    assert.equal(await itemsOf(gateway.remoteExec(latin1.url)), ['é']);
  });

  tests.test('a module that is not there is refused before anything is sent', async (gateway) => {
    for (const url of ['file:///no/such/job.py', 'file:///no/such/job.py#work']) {
      const error = await failureOf(() => gateway.remoteExec(new URL(url)));
      assert.is(error.code, 'ERR_EXECNET_MODULE');
      assert.match(error.message, '/no/such/job.py');
    }
    assert.match(String(gateway), ' 0 active channels');
  });

  tests.testBeside(
    'each of several texts at once has its own source, whoever looks at it',
    async (gateway) => {
      const numbers = [1, 2, 3];
      const channels = numbers.map((number) =>
        gateway.remoteExec<string | null>(`
def work(x):
    return x / ${number}

channel.receive()
# the word by which functions are looked at is not here
import traceback
looked = __import__('ins' + 'pect').getsource(work)
try: work(None)
except TypeError: said = traceback.format_exc()
channel.send(looked)
channel.send(said)
channel.receive()
1 / 0 # ${number}`),
      );
      for (const [n, channel] of channels.entries()) {
        await channel.send(null);
        assert.is(await channel.receive(), `def work(x):\n    return x / ${numbers[n]}\n`);
        assert.match(String(await channel.receive()), `return x / ${numbers[n]}\n`);
      }
      for (const channel of channels) await channel.send(null);
      for (const [n, channel] of channels.entries()) {
        const error = (await failureOf(channel.waitClose())) as RemoteError;
        assert.match(
          error.remoteStack,
          `File "<remote exec>", line 14, in <module>\n    1 / 0 # ${numbers[n]}`,
        );
      }
    },
  );

  tests.test(
    'a module that can not be parsed is the error of its channel, with its file and line',
    async (gateway) => {
      using module = pythonFile('x = 1\n\ndef work(:\n    pass\n');
      const error = (await failureOf(gateway.remoteExec(module.url).waitClose())) as RemoteError;
      assert.is(error.remoteName, 'SyntaxError');
      assert.match(error.remoteStack, `File "${module.file}", line 3`);
    },
  );
}

/** Code that looks at what it defines. Python 2 knows neither annotations nor data classes. */
const LOOKING = `
import inspect, os, pickle, sys
module = sys.modules[globals()['__name__']]

def work(x):
    return x * 2

class Thing(object):
    def __init__(self, value):
        self.value = value

seen = {
    'own': module.__dict__ is globals() and module.work is work,
    'pickled': pickle.loads(pickle.dumps(work, 2)) is work and pickle.loads(pickle.dumps(Thing(5), 2)).value == 5,
    'source': inspect.getsource(work) == 'def work(x):\\n    return x * 2\\n' and inspect.getsource(Thing).startswith('class Thing'),
    'name': __name__,
    'named': sys.modules[__name__] is module,
    'module': inspect.getmodule(work) is module and work.__module__ == module.__name__,
    'loader': 'def work(x):' in module.__loader__.get_source(module.__name__) and (not hasattr(sys, '__spec__') or module.__spec__.loader is module.__loader__),
}
`;

const SEEN = {
  own: true,
  pickled: true,
  source: true,
  name: '__channelexec__',
  named: true,
  module: true,
  loader: true,
};

const TYPED = `
from __future__ import annotations
import dataclasses, typing

@dataclasses.dataclass
class Point:
    x: int
    y: typing.ClassVar[int] = 2

def work(point: Point) -> Point: return point

hints = typing.get_type_hints(work)
seen = [hints['point'] is Point, [f.name for f in dataclasses.fields(Point)], dataclasses.asdict(Point(1))]
`;

const POOL = `
import multiprocessing
def work(x): return x * 2
def main():
    pool = multiprocessing.get_context('fork').Pool(2)
    try:
        return pool.map(work, [1, 2, 3])
    finally:
        pool.terminate()
        pool.join()
`;

/** Modules that are no part of the language. */
const LOADED =
  "channel.send([name for name in sys.modules if name.startswith('__channelexec_') and name != '__channelexec__'])";

function surroundings(tests: PythonTests): void {
  const folder = mkdtempSync(join(tmpdir(), 'execnet-hides-'));
  const names =
    'select mmap signal struct threading socket subprocess selectors errno gc sched traceback tokenize token re sre_compile ast _ast contextlib textwrap'.split(
      ' ',
    );
  // Python 3.13 asks for it before it runs anything
  if (!tests.since('3.13')) names.push('linecache');
  for (const name of names)
    writeFileSync(join(folder, `${name}.py`), `raise RuntimeError('the ${name} of the user')\n`);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  tests.testWith({ chdir: folder }, 'modules of the working folder hide none of ours', async (gateway) => {
    assert.is(await gateway.call('len', [[1, 2]]), 2);
    await gateway.remoteExec('import os, sys').waitClose();
    const error = (await failureOf(
      gateway.remoteExec('def work(x): return x / 0\nwork(1) + __name__').waitClose(),
    )) as RemoteError;
    assert.match(error.remoteStack, /line 2, in <module>\n.*work\(1\).*\n.*line 1, in work\n/s);
    if (!tests.jython) {
      const process = await gateway.spawn('echo', ['hello']);
      assert.equal(await process.exited, { code: 0, signal: null });
    }
    // who asks for one gets it
    assert.match(
      (await failureOf(gateway.remoteExec('import sched').waitClose())).message,
      'the sched of the user',
    );
  });
}

function definitions(tests: PythonTests): void {
  tests.test('what a text or a module defines belongs to a module', async (gateway) => {
    using module = pythonFile(`${LOOKING}\ndef look(channel): channel.send(seen)`);
    // the first of a text may look at itself too
    assert.equal(await itemsOf(gateway.remoteExec(`${LOOKING}\nchannel.send(seen)`)), [SEEN]);
    assert.equal(await itemsOf(gateway.remoteExec(module.function('look'))), [SEEN]);
  });

  tests.testBeside('texts that run at the same time are modules of their own', async (gateway) => {
    // a module whose functions were called is kept
    const loaded = async (): Promise<number> => {
      const [names] = await itemsOf(gateway.remoteExec(`import sys\n${LOADED}`));
      return (names as string[]).length;
    };
    const before = await loaded();
    using module = pythonFile('def look(channel): channel.send(1)');
    assert.equal(await itemsOf(gateway.remoteExec(module.function('look'))), [1]);
    const again = 'channel.receive(); channel.send(sys.modules[__name__] is module)';
    const beside = [1, 2].map(() => gateway.remoteExec(`${LOOKING}\nchannel.send(seen)\n${again}`));
    for (const channel of beside) {
      // of several that run at the same time one has the name that all hear
      const { named, ...seen } = (await channel.receive()) as typeof SEEN;
      assert.equal({ ...seen, named: true }, SEEN);
      assert.type(named, 'boolean');
    }
    const named: unknown[] = [];
    for (const channel of beside.reverse()) {
      await channel.send('end');
      named.push(await channel.receive());
      await channel.waitClose();
    }
    // who runs longest has it in the end
    assert.is(named.at(-1), true);
    assert.is(await loaded(), before + 1);
  });

  if (tests.since('3.7'))
    tests.test('data classes and annotations in it are what they are elsewhere', async (gateway) => {
      using module = pythonFile(`${TYPED}\ndef look(): return seen`);
      assert.equal(await gateway.call(module.function('look')), [true, ['x'], { x: 1 }]);
      const channel = gateway.remoteExec(`${TYPED}\nchannel.send(seen)`);
      assert.equal(await channel.receive(), [true, ['x'], { x: 1 }]);
      await channel.waitClose();
    });

  if (tests.since('3.6') && !tests.jython)
    tests.test('a pool of processes runs its functions', async (gateway) => {
      using module = pythonFile(POOL);
      assert.equal(await gateway.call(module.function('main')), [2, 4, 6]);
      const channel = gateway.remoteExec(`${POOL}\nchannel.send(main())`);
      assert.equal(await channel.receive(), [2, 4, 6]);
      await channel.waitClose();
    });

  if (tests.cpython)
    tests.test('what only the code of an execution held is gone when that is over', async (gateway) => {
      const items = gateway.newChannel<string>();
      await gateway.remoteExec("args.send('sent')", items).waitClose();
      assert.equal(await itemsOf(items), ['sent']);
    });

  tests.test('functions outlive the execution that has defined them', async (gateway) => {
    await gateway
      .remoteExec(
        `${KEEP}\nimport os\nfactor = 2\ndef work(x): return [x * factor, os.sep]\nkeep('work', work)`,
      )
      .waitClose();
    const channel = gateway.remoteExec(`${KEEP}\nchannel.send(kept('work')(21))`);
    assert.equal(await channel.receive(), [42, '/']);
    await channel.waitClose();
  });

  tests.test('code sees a main module and a command line without anything of ours', async (gateway) => {
    const channel = gateway.remoteExec<[string[], string[], string[]]>(`
import __main__
import sys
names = [name for name in vars(__main__) if not name.startswith('__')]
channel.send([names, sys.argv, list(getattr(sys, 'orig_argv', ['-c', '']))[-2:]])`);
    assert.equal(await channel.receive(), [[], ['-c'], ['-c', '']]);
    await channel.waitClose();
  });

  tests.test('code may give itself another name', async (gateway) => {
    const channel = gateway.remoteExec(
      "__name__ = '__main__'\nif __name__ == '__main__': channel.send(__name__)",
    );
    assert.is(await channel.receive(), '__main__');
    await channel.waitClose();
  });

  tests.test('a text that begins with the mark of a file runs', async (gateway) => {
    assert.equal(await itemsOf(gateway.remoteExec('\ufeff  channel.send(1)\n  channel.send(2)')), [1, 2]);
  });

  tests.testOnC('a child that code forked ends as a program of its own does', async (gateway) => {
    const channel = gateway.remoteExec(`
import os, sys
def ended(work):
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(into, 2)
        os.close(into)
        os.close(out)
        sys.stderr = os.fdopen(2, 'w')
        work()
        return True
    os.close(into)
    said = os.read(out, 65536).decode()
    os.close(out)
    status = os.waitpid(child, 0)[1]
    channel.send([status >> 8 if status & 0xff == 0 else -status, said])
def fails(): raise ValueError('of the child')
for work in (lambda: sys.exit(3), lambda: sys.exit(), lambda: sys.exit('said at the end'), fails, lambda: None):
    if ended(work):
        break
`);
    const ended = (await itemsOf(channel)) as [number, string][];
    assert.equal(
      ended.map(([code]) => code),
      [3, 0, 1, 1, 0],
    );
    assert.equal([ended[0]?.[1], ended[1]?.[1], ended[2]?.[1]], ['', '', 'said at the end\n']);
    assert.match(
      ended[3]?.[1] ?? '',
      /^Traceback[\s\S]*line \d+, in fails[\s\S]*ValueError: of the child\n$/,
    );
    assert.is(await evaluate(gateway, '1'), 1);
  });

  tests.testOnC('a child that code forked can not use its channels', async (gateway) => {
    const channel = gateway.remoteExec<unknown>(`
import os
def refused(work):
    out, into = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = repr(work())
        except BaseException as error:
            said = '%s: %s' % (type(error).__name__, error)
        os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    said = b''
    while True:
        more = os.read(out, 65536)
        if not more:
            break
        said += more
    os.close(out)
    os.waitpid(child, 0)
    channel.send(said.decode())
for work in (lambda: channel.send(1), lambda: channel.send(b'x' * 5000000), lambda: channel.receive(), lambda: channel.receive(0.1),
             channel.waitclose, lambda: next(iter(channel)), lambda: channel.gateway.newchannel().send(1)):
    refused(work)
`);
    const said = await itemsOf(channel);
    assert.is(said.length, 7);
    for (const one of said) assert.match(one as string, /^RuntimeError: .*forked/);
    assert.is(await evaluate(gateway, '1'), 1);
  });

  tests.testOnC('a child that a called function forked gives no result', async (gateway) => {
    using module = pythonFile(`
import os
def forks():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return 'parent' if child else 'child'`);
    for (let round = 0; round < 3; round++) assert.is(await gateway.call(module.function('forks')), 'parent');
  });

  tests.testOnC('a child that a callback forked says nothing on the connection', async (gateway) => {
    const items = gateway.newChannel<number, number>();
    const channel = gateway.remoteExec<number>(
      `
import os, sys
def forks(item):
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        channel.send(status >> 8)
    elif item:
        sys.exit(item)
args.setcallback(forks)
args.waitclose()`,
      items,
    );
    for (const code of [3, 0, 5]) {
      await items.send(code);
      assert.is(await channel.receive(), code);
    }
    items.close();
    await channel.waitClose();
    assert.is(await evaluate(gateway, '1'), 1);
  });
}

function functions(tests: PythonTests): void {
  tests.test('a function of a module gets the channel and keyword arguments', async (gateway) => {
    using module = pythonFile(MODULE);
    const describe = module.function('describe');
    assert.equal(await itemsOf(gateway.remoteExec(describe, { path: '/a/b' })), [['hello', 'b!', {}]]);
    const more = { greeting: 'bye', path: '/a/c', n: 1, list: [2] };
    assert.equal(await itemsOf(gateway.remoteExec(describe, more)), [['bye', 'c!', { n: 1, list: [2] }]]);
    const map = new Map<string, unknown>([['path', '/a/d']]);
    assert.equal(await itemsOf(gateway.remoteExec(describe, map)), [['hello', 'd!', {}]]);
  });

  tests.test('an array holds positional arguments, behind the channel', async (gateway) => {
    using module = pythonFile(MODULE);
    const channel = gateway.remoteExec(module.function('describe'), ['/a/b', 'good day']);
    assert.equal(await itemsOf(channel), [['good day', 'b!', {}]]);
  });

  tests.test('an object holds positional arguments too, under *', async (gateway) => {
    using module = pythonFile(MODULE);
    const channel = gateway.remoteExec(module.function('describe'), { '*': ['/a/b'], greeting: 'bye', n: 1 });
    assert.equal(await itemsOf(channel), [['bye', 'b!', { n: 1 }]]);
  });

  tests.test('the module of a function is run once, whatever is called of it', async (gateway) => {
    const text = `
import sys, time
time.sleep(0.05)
loaded = []
sys.times_loaded = getattr(sys, 'times_loaded', 0) + 1
def touch():
    loaded.append(1)
    return [len(loaded), sys.times_loaded, sys.modules[__name__].loaded is loaded]
def tell(channel): channel.send(touch())
`;
    const marker = `\n# ${Math.random()}`;
    using module = pythonFile(text + marker);
    const first = await Promise.all([0, 1, 2].map(() => gateway.call<number[]>(module.function('touch'))));
    const times = first[0]?.[1] as number;
    assert.equal(new Set(first.map(([n]) => n)), new Set([1, 2, 3]));
    assert.equal(new Set(first.map(([, times]) => times)).size, 1);
    // another one in between, and other content
    using other = pythonFile(`${text}\n# another\n${marker}`);
    assert.equal(await gateway.call(other.function('touch')), [1, times + 1, true]);
    assert.equal(await gateway.call(module.function('touch')), [4, times + 1, true]);
    assert.equal(await itemsOf(gateway.remoteExec(module.function('tell'))), [[5, times + 1, true]]);
    // one that fails is run again
    using failing = pythonFile(
      `import sys\nsys.tries = getattr(sys, 'tries', 0) + 1\nif sys.tries % 2: raise ValueError('not yet')\ndef tries(): return sys.tries\n${marker}`,
    );
    assert.match((await failureOf(gateway.call(failing.function('tries')))).message, 'not yet');
    const tries = await gateway.call<number>(failing.function('tries'));
    assert.is(await gateway.call(failing.function('tries')), tries);
  });

  tests.test('a function without arguments gets the channel alone', async (gateway) => {
    using module = pythonFile(MODULE);
    const channel = gateway.remoteExec<string, string>(module.function('echo'));
    await channel.send('heard');
    assert.is(await channel.receive(), 'heard');
    channel.close();
    await channel.waitClose();
  });

  tests.test('arguments that a function does not take are its error', async (gateway) => {
    using module = pythonFile(MODULE);
    for (const args of [undefined, [], { nothing: 1 }]) {
      const error = (await failureOf(
        gateway.remoteExec(module.function('describe'), args).waitClose(),
      )) as RemoteError;
      assert.is(error.remoteName, 'TypeError');
      assert.match(error.message, 'describe()');
    }
  });

  tests.test('a function that the module does not have is an error that names both', async (gateway) => {
    using module = pythonFile(MODULE);
    const error = await failureOf(gateway.remoteExec(module.function('missing')).waitClose());
    assert.instance(error, RemoteError);
    assert.match(error.message, 'missing');
    assert.match(error.message, module.file);
  });
}

function calls(tests: PythonTests): void {
  tests.test('call runs a function by its name, with positional arguments or by keyword', async (gateway) => {
    assert.is(await gateway.call('len', ['abc']), 3);
    assert.is(await gateway.call('math.factorial', [5]), 120);
    assert.is(await gateway.call('os.path.join', ['a', 'b']), 'a/b');
    assert.is(await gateway.call('json.dumps', { obj: [1, null], sort_keys: true }), '[1, null]');
    assert.equal(await gateway.call('dict', { a: 1 }), { a: 1 });
    // both, as in f(*args, **keywords)
    assert.is(await gateway.call('int', { '*': ['ff'], base: 16 }), 255);
    assert.is(
      await gateway.call(
        'int',
        new Map<string, unknown>([
          ['*', ['ff']],
          ['base', 16],
        ]),
      ),
      255,
    );
    assert.equal(await gateway.call('dict', { '*': [], a: 1 }), { a: 1 });
    assert.equal(await gateway.call('list'), []);
    assert.is(await gateway.call('datetime.date.min.isoformat'), '0001-01-01');
    assert.is(
      await gateway.call('xml.dom.minidom.getDOMImplementation.__name__.upper'),
      'GETDOMIMPLEMENTATION',
    );
  });

  tests.test('call runs a function of a module, and resolves with what it returns', async (gateway) => {
    using module = pythonFile(MODULE);
    assert.is(await gateway.call(module.function('double'), { x: 3 }), 6);
    assert.is(await gateway.call(module.function('double'), ['ab']), 'abab');
    assert.is(await gateway.call(module.function('nothing')), null);
  });

  tests.test('call rejects with the error of the function', async (gateway) => {
    const error = (await failureOf(gateway.call('math.sqrt', [-1]))) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'ValueError');
    assert.match(error.message, 'math');
  });

  tests.test('a name that means nothing there is an error', async (gateway) => {
    for (const [name, said] of [
      ['no_such_module.work', 'no_such_module'],
      ['math.no_such_function', 'no_such_function'],
      ['no_such_builtin', 'no_such_builtin'],
      ['os.path.no_such', 'no_such'],
    ] as const) {
      const error = await failureOf(gateway.call(name));
      assert.instance(error, RemoteError);
      assert.match(error.message, said);
    }
  });

  tests.test('what the module of a name fails to import is told', async (gateway) => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-package-'));
    try {
      mkdirSync(join(folder, 'lacking'));
      writeFileSync(join(folder, 'lacking', '__init__.py'), '');
      writeFileSync(join(folder, 'lacking', 'work.py'), 'import no_such_dependency\n');
      await gateway
        .remoteExec('import sys; sys.path.insert(0, args); sys.dont_write_bytecode = True', folder)
        .waitClose();
      const error = await failureOf(gateway.call('lacking.work.f'));
      assert.match(error.message, 'no_such_dependency');
    } finally {
      await gateway.remoteExec('import sys; sys.path.remove(args)', folder).waitClose();
      rmSync(folder, { recursive: true });
    }
  });

  tests.test('a call of what leaves without a result says so', async (gateway) => {
    using module = pythonFile('import sys\ndef leave(): sys.exit(0)\n');
    const error = await failureOf(gateway.call(module.function('leave')));
    assert.is(error.code, 'ERR_EXECNET_CHANNEL_CLOSED');
    assert.match(error.message, /^the call of .*leave on .* ended without a result/);
  });

  tests.test('call rejects when the result can not be sent', async (gateway) => {
    const error = (await failureOf(gateway.call('object'))) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'DumpError');
    assert.match(error.message, 'object');
    assert.is(await gateway.call('abs', [-1]), 1);
    for (const [item, path] of [
      ['object()', '$'],
      ["{'users': [(1, {2: object()})]}", "$['users'][0][1][2]"],
      ['{3: {object}}', "$[3]{<class 'object'>}"],
      ['[{(1, object): 2}]', "$[0]{(1, <class 'object'>)}[1]"],
    ] as const) {
      const failure = (await failureOf(gateway.remoteExec(`channel.send(${item})`).receive())) as RemoteError;
      assert.is(failure.remoteName, 'DumpError');
      const shown = failure.remoteMessage.replaceAll('<type ', '<class ');
      assert.ok(shown.startsWith(`${path}: a value of the type `), failure.remoteMessage);
    }
  });

  tests.test('channels in arguments reach a function that is called', async (gateway) => {
    using module = pythonFile(
      'def fill(out, n):\n    for i in range(n): out.send(i)\n    out.close()\n    return n\n',
    );
    const out = gateway.newChannel<number>();
    const filled = gateway.call(module.function('fill'), { out: out, n: 3 });
    assert.equal(await itemsOf(out), [0, 1, 2]);
    assert.is(await filled, 3);
  });

  tests.test('a large argument and a large result arrive whole', async (gateway) => {
    const bytes = Uint8Array.from({ length: 3 * 1024 * 1024 }, (_, index) => index * 7);
    const back = await gateway.call<Uint8Array>('bytearray', [bytes]);
    assert.is(Buffer.compare(back, bytes), 0);
  });
}

function refusals(tests: PythonTests): void {
  tests.test('a JavaScript function is a TypeError that says what to give', async (gateway) => {
    const exec = await failureOf(() => gateway.remoteExec(() => 1));
    assert.instance(exec, TypeError);
    assert.match(exec.message, /source text.*\.py/);
    const call = await failureOf(gateway.call(() => 1));
    assert.instance(call, TypeError);
    assert.match(call.message, /name of a function.*\.py/);
  });

  tests.test(
    'the URL of a JavaScript module is a TypeError, and so is one that names no file',
    async (gateway) => {
      for (const url of ['file:///job.js', 'file:///job.mjs', 'file:///job.ts#work', 'https://host/job.py'])
        assert.instance(await failureOf(() => gateway.remoteExec(new URL(url))), TypeError);
      assert.match((await failureOf(() => gateway.remoteExec(new URL('file:///job.js')))).message, '.py');
    },
  );

  tests.test('what is no code is a TypeError', async (gateway) => {
    for (const source of [null, undefined, 7, {}, []])
      assert.instance(await failureOf(() => gateway.remoteExec(source as never)), TypeError);
  });

  tests.test('call takes the name of a function, and no text or whole module', async (gateway) => {
    using module = pythonFile(MODULE);
    for (const source of ['1 + 1', 'len()', 'a b', '', '.len', module.url])
      assert.instance(await failureOf(gateway.call(source)), TypeError, String(source));
  });

  tests.test(
    'arguments of a function that are neither positional nor by keyword are a TypeError',
    async (gateway) => {
      using module = pythonFile(MODULE);
      const none = ['abc', 7, true, new Set([1]), new Map([[1, 2]]), new Uint8Array(2), { '*': 'abc' }];
      for (const args of none) {
        assert.instance(await failureOf(gateway.call('len', args)), TypeError);
        assert.instance(
          await failureOf(() => gateway.remoteExec(module.function('describe'), args)),
          TypeError,
        );
      }
    },
  );

  tests.test(
    'arguments that can not be sent are a DumpError that says where, and nothing runs',
    async (gateway) => {
      const error = (await failureOf(() =>
        gateway.remoteExec('import sys; sys.ran_anyway = True', { handler: [() => {}] }),
      )) as DumpError;
      assert.instance(error, DumpError);
      assert.match(error.path, 'handler');
      assert.instance(await failureOf(gateway.call('len', [new Date()])), DumpError);
      assert.is(await evaluate(gateway, "hasattr(__import__('sys'), 'ran_anyway')"), false);
      assert.match(String(gateway), ' 0 active channels');
    },
  );
}
