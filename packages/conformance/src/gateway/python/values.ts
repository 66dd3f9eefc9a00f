import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Complex, DumpError, Float, FrozenSet, type Gateway, Tuple } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { unreadable } from '../values.ts';
import { ECHO, evaluate, type PythonFixture, PythonTests } from './python-tests.ts';

/** What becomes of values on their way to Python and back, and what can't go there. */
export function pythonValueSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'values', fixture);
  there(tests);
  back(tests);
  numbers(tests);
  large(tests);
  fresh(tests);
  changing(tests);
  refusedHere(tests);
  refusedThere(tests);
  unreadable(tests, ECHO);
  tests.run();
}

/** A value, what Python 3 says it is: its type, and its `repr`; and what Python 2 says if that is something else. */
const TYPES: readonly (readonly [value: unknown, python3: string, python2?: string])[] = [
  [null, 'NoneType None'],
  [undefined, 'NoneType None'],
  [true, 'bool True'],
  [false, 'bool False'],
  [0, 'int 0'],
  [-0, 'float -0.0'],
  [-1, 'int -1'],
  [2 ** 31 - 1, 'int 2147483647'],
  [-(2 ** 31), 'int -2147483648'],
  [2 ** 31, 'int 2147483648'],
  [-(2 ** 31) - 1, 'int -2147483649'],
  [Number.MAX_SAFE_INTEGER, 'int 9007199254740991'],
  [Number.MIN_SAFE_INTEGER, 'int -9007199254740991'],
  [5n, 'int 5'],
  [2n ** 64n, 'int 18446744073709551616', 'long 18446744073709551616L'],
  [-(10n ** 30n), `int ${-(10n ** 30n)}`, `long ${-(10n ** 30n)}L`],
  [1.5, 'float 1.5'],
  [-1e300, 'float -1e+300'],
  [new Float(1), 'float 1.0'],
  [new Float(-0), 'float -0.0'],
  [2 ** 53, 'float 9007199254740992.0'],
  [Number.NaN, 'float nan'],
  [Infinity, 'float inf'],
  [-Infinity, 'float -inf'],
  [new Complex(1, -2), 'complex (1-2j)'],
  ['', "str ''", "unicode u''"],
  ['abc', "str 'abc'", "unicode u'abc'"],
  ['é', "str '\u00e9'", "unicode u'\\xe9'"],
  [new Uint8Array([0, 255, 97]), "bytes b'\\x00\\xffa'", "str '\\x00\\xffa'"],
  [[], 'list []'],
  [[1, [null]], 'list [1, [None]]'],
  [new Tuple(), 'tuple ()'],
  [new Tuple(1, new Tuple(2), [3]), 'tuple (1, (2,), [3])'],
  [{}, 'dict {}'],
  [{ a: 1 }, "dict {'a': 1}", "dict {u'a': 1}"],
  [new Map([[1, 2]]), 'dict {1: 2}'],
  [new Map([[new Tuple(1, 2), null]]), 'dict {(1, 2): None}'],
  [new Set(), 'set()', 'set([])'],
  [new Set([1]), 'set {1}', 'set([1])'],
  [new FrozenSet([1]), 'frozenset({1})', 'frozenset([1])'],
  [Object.assign(Array(2), { 1: 1 }), 'list [None, 1]'],
];

function there(tests: PythonTests): void {
  tests.test('each value has its type in Python', async (gateway) => {
    const channel = gateway.remoteExec<string, unknown>(`
      for item in channel:
          name, text = type(item).__name__, repr(item)
          # the repr of sets says what they are
          channel.send(text if isinstance(item, (frozenset,)) or text.startswith('set(') else name + ' ' + text)
    `);
    for (const [value, python3, python2] of TYPES) {
      await channel.send(value);
      const seen = await channel.receive();
      // an int of Jython has 32 bits
      const long = tests.jython && /^int -?\d{10}/.test(python3) && Math.abs(Number(value)) > 2 ** 31 - 1;
      const expected = long && value !== -(2 ** 31) ? `${python3.replace('int', 'long')}L` : python2;
      assert.is(seen, tests.python2 ? (expected ?? python3) : python3);
    }
    channel.close();
  });

  tests.test('letters of any language are the same ones there', async (gateway) => {
    for (const text of ['é', '漢', '\0\x7f\x80', '\ufeff', '\u2028'])
      assert.equal(
        await evaluate(gateway, '[ord(c) for c in args]', text),
        Array.from(text, (c) => c.codePointAt(0)),
      );
    assert.is(await evaluate(gateway, "args == u'\\U0001f98a'", '🦊'), true);
  });

  tests.test('the order of a dict is that of the object, where dicts have one', async (gateway) => {
    const keys = Array.from({ length: 50 }, (_, n) => `k${(n * 7) % 50}`);
    const seen = await evaluate<string[]>(
      gateway,
      'list(args)',
      Object.fromEntries(keys.map((key, n) => [key, n])),
    );
    if (!tests.python2) assert.equal(seen, keys);
    assert.equal([...seen].sort(), [...keys].sort());
  });
}

/** A value that comes back as another one, or as itself. */
const BACK: readonly (readonly [title: string, value: unknown, back?: unknown])[] = [
  ['null and undefined', [null, undefined], [null, null]],
  ['booleans', [true, false]],
  [
    'integers',
    [0, 1, -1, 127, 255, 65536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, 1 - 2 ** 53],
  ],
  ['negative zero', [-0, new Float(-0)], [-0, -0]],
  ['floats', [0.1, -1.5e-300, 1.7e308, Number.MIN_VALUE, 2 ** 53, Number.NaN, Infinity, -Infinity]],
  ['floats that look integral', [new Float(1), new Float(2 ** 60)], [1, 2 ** 60]],
  ['bigints', [2n ** 53n, -(2n ** 53n), 2n ** 63n, -(2n ** 64n), 10n ** 100n]],
  ['bigints that are safe integers', [0n, -5n, 2n ** 40n], [0, -5, 2 ** 40]],
  ['complex numbers', [new Complex(1, -2), new Complex(-0, Infinity)]],
  ['strings', ['', 'ascii', 'ümläut €', '漢字 🦊 \u{10ffff}', '\0\n\r\u2028\ufeff', 'x'.repeat(70_000)]],
  ['arrays', [[], [1, [2, [3, [[]]]]], Array.from({ length: 20_000 }, (_, index) => index)]],
  [
    'tuples',
    [
      new Tuple(),
      new Tuple(1, new Tuple('a')),
      Tuple.from(Array.from({ length: 5000 }, (_, index) => index)),
    ],
  ],
  ['sets', [new Set(), new Set([1, 'a', null, new Tuple(1)]), new FrozenSet([new FrozenSet()])]],
  ['objects', [{}, { a: 1, b: { c: [{ d: 'e' }] } }, { '': 0, 'with space': 1, '1': 2, ü: 3 }]],
  [
    'keys that mean something elsewhere',
    JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3,"then":4}'),
  ],
  [
    'maps with keys that are no strings',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, new Map([[true, {}]])],
      [null, 3],
    ]),
  ],
  ['maps with strings for keys', new Map([['a', new Map()]]), { a: {} }],
];

function back(tests: PythonTests): void {
  for (const [title, value, expected = value] of BACK) {
    tests.test(`${title} come back`, async (gateway) => {
      const result = await evaluate(gateway, 'args', value);
      assert.ok(isDeepStrictEqual(result, expected), 'the value is another');
    });
  }

  tests.test('bytes come back from bytes, and from a bytearray', async (gateway) => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index * 13);
    const given = tests.python2 ? '[bytearray(args)]' : '[args, bytearray(args), args[:0]]';
    const expected = tests.python2 ? [bytes] : [bytes, bytes, new Uint8Array()];
    assert.ok(isDeepStrictEqual(await evaluate(gateway, given, bytes), expected));
  });

  tests.test('what Python makes arrives as what it is', async (gateway) => {
    for (const [expression, expected] of [
      ['1 == 1', true],
      ['2 ** 70', 2n ** 70n],
      ['-2 ** 31 - 1', -(2 ** 31) - 1],
      ['1 / 4.0', 0.25],
      ['5.0', 5],
      ['complex(0, 1)', new Complex(0, 1)],
      ['(1, [2])', new Tuple(1, [2])],
      ['{1: {"a": ()}}', new Map([[1, { a: new Tuple() }]])],
      ['frozenset([1])', new FrozenSet([1])],
      ['set("a")', new Set(['a'])],
      ['[None] * 3', [null, null, null]],
      ['u"\\u20ac"', '€'],
    ] as const)
      assert.ok(isDeepStrictEqual(await evaluate(gateway, expression), expected), expression);
  });

  tests.test('ints of any size arrive whole, beyond what Python converts by itself', async (gateway) => {
    for (const value of [10n ** 4299n, 10n ** 4300n, -(10n ** 4400n), 2n ** 100_000n + 1n]) {
      const channel = gateway.remoteExec<unknown, bigint>(
        `
import sys
# as few digits as code can ask for, where there is a limit
getattr(sys, 'set_int_max_str_digits', int)(640)
n = channel.receive(); channel.send(n % 1000007); channel.send(-n)
getattr(sys, 'set_int_max_str_digits', int)(4300)`,
      );
      await channel.send(value);
      // as Python has it: the sign of the divisor
      assert.is(await channel.receive(), Number(((value % 1000007n) + 1000007n) % 1000007n));
      assert.is(await channel.receive(), -value);
      await channel.waitClose();
    }
  });

  tests.test(
    'values that are nested deep come back, and too deep is an error of its own',
    async (gateway) => {
      let deep: unknown = 'bottom';
      for (let level = 0; level < 200; level++) deep = [deep];
      assert.equal(await evaluate(gateway, 'args', deep), deep);
      for (let level = 0; level < 100_000; level++) deep = [deep];
      assert.instance(await failureOf(() => gateway.remoteExec('pass', deep)), DumpError);
      assert.is(await evaluate(gateway, '1'), 1);
    },
  );
}

/** Numbers of another library: what such objects have in common, and what they must not be taken for. */
const SCALARS = `
class Kind(object):
    def __init__(self, kind): self.kind = kind
class Scalar(object):
    def __init__(self, value, kind): self.value, self.dtype = value, Kind(kind)
    def __index__(self): return self.value.__index__()
    def __int__(self): return int(self.value)
    def __float__(self): return float(self.value)
    def __complex__(self): return complex(self.value)
    def __bool__(self): return bool(self.value)
    __nonzero__ = __bool__
    def __eq__(self, other): return self.value == other
    def __ne__(self, other): return self.value != other
    def __hash__(self): return hash(self.value)
class Index(object):
    def __index__(self): return 1 << 70
    def __eq__(self, other): return other == 1 << 70
class Array(Scalar):
    def __len__(self): return 1
    def tolist(self): return [1]
class Named(int): pass
class Liar(object):
    def __index__(self): return self
scalar = Scalar
def failure(value):
    try:
        channel.send([{'a': value}])
    except Exception as error:
        return str(error)
`;

function numbers(tests: PythonTests): void {
  tests.test(
    'scalars of a library arrive as the numbers that they are, and nothing else does',
    async (gateway) => {
      const channel = gateway.remoteExec(`${SCALARS}
channel.send([Scalar(7, 'i'), Scalar(7, 'u'), Scalar(0.5, 'f'), Scalar(2, 'f'), Scalar(1, 'b'), Scalar(1 + 2j, 'c'), Index()])
channel.send({Scalar(float('inf'), 'f'): (Scalar(float('nan'), 'f'),)})
channel.send([failure(value) for value in (Array(1, 'i'), Scalar(1 + 2j, 'f'), Scalar('text', 'U'), Named(1), Liar(), Index)])`);
      assert.equal(await channel.receive(), [7, 7, 0.5, 2, true, new Complex(1, 2), 2n ** 70n]);
      assert.equal(await channel.receive(), new Map([[Infinity, new Tuple(Number.NaN)]]));
      const failures = (await channel.receive()) as string[];
      for (const [at, type] of ['Array', 'Scalar', 'Scalar', 'Named', 'Liar', 'type'].entries())
        assert.match(failures[at] ?? '', `: a value of the type ${type} can not be sent`);
      assert.match(failures[0] ?? '', 'or what its tolist() gives');
    },
  );
}

function large(tests: PythonTests): void {
  tests.testWith({}, '64 MiB of bytes arrive whole, in both directions', async (gateway) => {
    const size = 64 * 1024 * 1024;
    const bytes = Buffer.alloc(
      size,
      Uint8Array.from({ length: 256 }, (_, index) => index),
    );
    const channel = gateway.remoteExec<unknown, Uint8Array>(`
      import hashlib
      data = channel.receive()
      channel.send([len(data), hashlib.sha256(data).hexdigest()])
      channel.send(bytearray(data))
    `);
    const sent = channel.send(bytes);
    assert.equal(await channel.receive(), [size, createHash('sha256').update(bytes).digest('hex')]);
    await sent;
    assert.is(Buffer.compare((await channel.receive()) as Uint8Array, bytes), 0);
    await channel.waitClose();
  });

  tests.test('a large list of small values arrives whole, in both directions', async (gateway) => {
    const list = Array.from({ length: 50_000 }, (_, n) => ({ n, text: `item ${n}` }));
    assert.ok(isDeepStrictEqual(await evaluate(gateway, 'args', list), list));
  });
}

function fresh(tests: PythonTests): void {
  tests.test('what is sent is a copy: changing the original afterwards changes nothing', async (gateway) => {
    const channel = gateway.remoteExec(`
      item = [1, bytearray(b'abc')]
      channel.send(item)
      item[0] = 2
      item[1][0] = 0
      channel.send(item)
    `);
    assert.equal(await channel.receive(), [1, new Uint8Array([97, 98, 99])]);
    assert.equal(await channel.receive(), [2, new Uint8Array([0, 98, 99])]);
    await channel.waitClose();
    const echo = gateway.remoteExec<unknown, unknown>(ECHO);
    const item = { list: [1, 2] };
    void echo.send(item);
    item.list.push(3);
    void echo.send(item);
    assert.equal(await echo.receive(), { list: [1, 2] });
    assert.equal(await echo.receive(), { list: [1, 2, 3] });
    echo.close();
  });

  tests.test('no object gets a prototype or a property from what Python sends', async (gateway) => {
    const object = (await evaluate(gateway, "{'__proto__': {'polluted': 1}}")) as object;
    assert.is(Object.getPrototypeOf(object), Object.prototype);
    assert.ok(Object.hasOwn(object, '__proto__'));
    assert.is(({} as { polluted?: unknown }).polluted, undefined);
  });
}

class Account {
  balance = 1;
}

/** What Python has no counterpart of, and where the error says it is. */
const REFUSED: readonly (readonly [title: string, value: () => unknown, path: string])[] = [
  ['a function', () => () => {}, '$'],
  ['a method', () => ({ users: [{}, {}, { save() {} }] }), '$.users[2].save'],
  ['a symbol', () => [Symbol('s')], '$[0]'],
  ['an instance of a class', () => ({ account: new Account() }), '$.account'],
  ['a promise', () => ({ later: Promise.resolve() }), '$.later'],
  ['a date', () => [new Date()], '$[0]'],
  ['a regular expression', () => [/x/], '$[0]'],
  ['an error', () => ({ error: new Error('as a value') }), '$.error'],
  ['a typed array that is no Uint8Array', () => [new Float64Array(1)], '$[0]'],
  ['half a surrogate pair', () => ['\ud800'], '$[0]'],
  ['a list as a key', () => new Map([[[1], 1]]), '$'],
  ['a list in a set', () => ({ set: new Set([[1]]) }), '$.set'],
  [
    'keys that are equal in Python',
    () => [
      new Map<unknown, unknown>([
        [1, 'a'],
        [true, 'b'],
      ]),
    ],
    '$[0]',
  ],
  [
    'an object that holds itself',
    () => {
      const object: { self?: unknown } = {};
      object.self = object;
      return object;
    },
    '$.self',
  ],
];

function refusedHere(tests: PythonTests): void {
  for (const [title, make, path] of REFUSED) {
    tests.test(`${title} is a DumpError that says where it is, and the channel goes on`, async (gateway) => {
      const channel = gateway.remoteExec<unknown, unknown>(ECHO);
      const error = (await failureOf(channel.send(make()))) as DumpError;
      assert.instance(error, DumpError);
      assert.is(error.code, 'ERR_EXECNET_DUMP');
      assert.ok(error.path.startsWith(path), `${error.path} begins with ${path}`);
      await channel.send({ fine: 1 });
      assert.equal(await channel.receive(), { fine: 1 });
      channel.close();
    });
  }
}

/** Sends values so often that a thread which changes them all the time does so while they are dumped. */
const CHANGING = `
import sys, threading
if hasattr(sys, 'setswitchinterval'): switch, often, usual = sys.setswitchinterval, 1e-5, sys.getswitchinterval()
elif hasattr(sys, 'setcheckinterval'): switch, often, usual = sys.setcheckinterval, 1, sys.getcheckinterval()
numbers, names, some = [], {}, set()
over = []
def change():
    while not over:
        for number in range(300):
            numbers.append(number); names[number] = number; some.add(number)
        del numbers[:]; names.clear(); some.clear()
thread = threading.Thread(target=change)
switch(often)
thread.start()
try:
    for _ in range(200):
        channel.send(numbers)
        channel.send(names)
        channel.send(some)
finally:
    over.append(True)
    switch(usual)
    thread.join()
`;

function changing(tests: PythonTests): void {
  tests.test(
    'a list, dict or set that another thread changes meanwhile arrives as a value',
    async (gateway) => {
      let lists = 0;
      for await (const value of gateway.remoteExec<number[] | Map<number, number> | Set<number>>(CHANGING)) {
        if (!Array.isArray(value)) continue;
        lists++;
        assert.equal(value, [...value.keys()]);
      }
      assert.is(lists, 200);
    },
  );
}

/** Sends what can't be sent, and says what that failed with. */
async function refusalOf(gateway: Gateway, expression: string): Promise<string[]> {
  const channel = gateway.remoteExec<string[]>(`
    recursive = []; recursive.append(recursive)
    class Sub(object): pass
    try:
        channel.send(${expression})
    except Exception as error:
        channel.send([type(error).__name__, str(error)])
  `);
  const said = await channel.receive();
  await channel.waitClose();
  return said;
}

function refusedThere(tests: PythonTests): void {
  for (const [title, expression, said] of [
    ['an object', '[object()]', 'object'],
    ['an instance of a class', '{1: Sub()}', 'Sub'],
    ['a function', 'len', 'builtin'],
    ['a class', 'Sub', 'type'],
    ['a list that holds itself', 'recursive', 'nested'],
    ['an iterator', 'iter([])', 'iterator'],
  ] as const) {
    tests.test(
      `${title} is a DumpError in Python that says what it is, and the channel goes on`,
      async (gateway) => {
        const [name, message] = await refusalOf(gateway, expression);
        assert.is(name, 'DumpError');
        assert.match(message ?? '', said);
      },
    );
  }

  tests.testOn3('half a surrogate pair is a DumpError in Python', async (gateway) => {
    assert.is((await refusalOf(gateway, "['\\ud800']"))[0], 'DumpError');
  });
}
