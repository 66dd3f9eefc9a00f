import { isDeepStrictEqual } from 'node:util';
import { type Channel, DumpError, type Gateway, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, stop } from './gateway-tests.ts';

/** What can be sent, there and back, and what can't. */
export function valueSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'values', fixture);
  equal(tests);
  structures(tests);
  copies(tests);
  errors(tests);
  refusing(tests);
  unreadable(tests, 'for await (const item of channel) await channel.send(item)');
  tests.run();
}

/** The value after a journey to the remote end and back. */
function thereAndBack(gateway: Gateway, value: unknown): Promise<unknown> {
  return gateway.call((given: unknown) => given, value);
}

function shared(buffer: ArrayBuffer): unknown {
  return [new Uint8Array(buffer, 0, 4), new Uint16Array(buffer, 4, 2), new DataView(buffer, 2, 4)];
}

/** Values that come back as they were, classes, keys and their order included. */
const SAME: readonly (readonly [title: string, value: unknown])[] = [
  ['undefined and null', [undefined, null]],
  ['booleans', [true, false]],
  [
    'integers',
    [0, 1, -1, 127, 128, 255, 256, 65535, 65536, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, -(2 ** 53)],
  ],
  ['other numbers', [0.1, -1.5e-300, 1.7e308, Number.MIN_VALUE, Number.EPSILON]],
  ['negative zero, infinities and not-a-number', [-0, Infinity, -Infinity, Number.NaN]],
  ['bigints', [0n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 12345678901234567890123456789n, -(10n ** 40n)]],
  ['strings', ['', 'ascii', 'ümläut €', '漢字 🦊 \u{10ffff}', '\0\n\r\u2028', 'x'.repeat(70_000)]],
  ['strings with lone surrogates', ['\ud800', 'a\udfff', '\udc00\ud800']],
  ['arrays', [[], [1, [2, [3, [[]]]]], Array.from({ length: 70_000 }, (_, index) => index)]],
  ['objects', [{}, { a: 1, b: { c: [{ d: 'e' }] } }, { '': 0, 'with space': 1, '1': 2, ü: 3 }]],
  ['objects with undefined in them', { a: undefined, b: [undefined] }],
  [
    'keys that mean something elsewhere',
    JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3,"then":4}'),
  ],
  ['dates', [new Date(0), new Date(-1), new Date(8.64e15), new Date(1234567890123)]],
  ['regular expressions', [/a+/giu, /\//, /(?:)/]],
  [
    'maps',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, new Map()],
      [{ k: 1 }, [new Map([[null, undefined]])]],
    ]),
  ],
  ['sets', new Set<unknown>([1, 'a', null, new Set([new Set()])])],
  [
    'binaries',
    [new Uint8Array(), new Uint8Array([0, 255, 7]), new Uint8Array(100_000).map((_, index) => index * 13)],
  ],
  [
    'typed arrays',
    [
      new Int8Array([-1]),
      new Uint8ClampedArray([255]),
      new Int16Array([-2]),
      new Uint16Array([65535]),
      new Int32Array([-3]),
      new Uint32Array([2 ** 32 - 1]),
      new Float32Array([0.5, -0]),
      new Float64Array([Math.PI]),
      new BigInt64Array([-4n]),
      new BigUint64Array([2n ** 64n - 1n]),
    ],
  ],
  ['buffers', [new ArrayBuffer(0), new Uint8Array([1, 2, 3]).buffer]],
  ['views into a part of a buffer', shared(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer)],
];

function equal(tests: GatewayTests): void {
  for (const [title, value] of SAME) {
    tests.test(`${title} come back as they were`, async (gateway) => {
      const back = await thereAndBack(gateway, value);
      assert.ok(isDeepStrictEqual(back, value), 'the value is another');
    });
  }

  tests.test('an object without a prototype comes back with what is in it', async (gateway) => {
    const bare = Object.assign(Object.create(null), { a: 1, toString: 'mine' });
    assert.equal(Object.entries((await thereAndBack(gateway, bare)) as object), Object.entries(bare));
  });

  tests.test('an invalid date comes back as one', async (gateway) => {
    const back = (await thereAndBack(gateway, new Date(Number.NaN))) as Date;
    assert.instance(back, Date);
    assert.ok(Number.isNaN(back.getTime()));
  });

  tests.test('remote code sees the values that were sent', async (gateway) => {
    const seen = await gateway.call(
      (values: unknown[]) =>
        values.map((value) =>
          Object.is(value, -0) ? '-0' : `${Object.prototype.toString.call(value)} ${String(value)}`,
        ),
      [
        -0,
        1n,
        null,
        undefined,
        new Date(0),
        /x/g,
        new Map(),
        new Set(),
        new Uint8Array([1, 2]),
        [1, [2]],
        'text',
      ],
    );
    assert.equal(seen, [
      '-0',
      '[object BigInt] 1',
      '[object Null] null',
      '[object Undefined] undefined',
      `[object Date] ${seen[4]?.slice('[object Date] '.length)}`,
      '[object RegExp] /x/g',
      '[object Map] [object Map]',
      '[object Set] [object Set]',
      '[object Uint8Array] 1,2',
      '[object Array] 1,2',
      '[object String] text',
    ]);
  });

  tests.test('no object gets a prototype or a property from what is sent', async (gateway) => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}');
    const back = (await thereAndBack(gateway, hostile)) as object;
    assert.is(Object.getPrototypeOf(back), Object.prototype);
    assert.ok(Object.hasOwn(back, '__proto__'));
    assert.is(({} as { polluted?: unknown }).polluted, undefined);
    assert.is(
      await gateway.call((): { polluted?: unknown } => ({})).then(({ polluted }) => polluted),
      undefined,
    );
  });
}

function structures(tests: GatewayTests): void {
  tests.test('cycles come back as cycles', async (gateway) => {
    type Node = { name: string; self?: Node; list: Node[]; map: Map<string, Node> };
    const node: Node = { name: 'n', list: [], map: new Map() };
    node.self = node;
    node.list.push(node);
    node.map.set('node', node);
    const back = (await thereAndBack(gateway, node)) as Node;
    assert.is(back.name, 'n');
    assert.ok(back.self === back && back.list[0] === back && back.map.get('node') === back);
  });

  tests.test('an object that is in an item twice is one object at the other end', async (gateway) => {
    const twice = { value: 1 };
    const back = (await thereAndBack(gateway, { a: twice, b: [twice] })) as { a: object; b: object[] };
    assert.ok(back.a === back.b[0]);
  });

  tests.test(
    'depth that a program has a use for is no problem, and what is too deep is refused',
    async (gateway) => {
      const deep = (levels: number): unknown => {
        let value: unknown = 'bottom';
        for (let level = 0; level < levels; level++) value = [value];
        return value;
      };
      assert.equal(await thereAndBack(gateway, deep(200)), deep(200));
      assert.instance(await failureOf(thereAndBack(gateway, deep(100_000))), DumpError);
      assert.is(await thereAndBack(gateway, 'still there'), 'still there');
    },
  );
}

function copies(tests: GatewayTests): void {
  tests.test('what is sent is a copy: changing the original afterwards changes nothing', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel) => {
      for await (const item of channel) await channel.send(item);
    });
    const item = { list: [1, 2], bytes: new Uint8Array([1, 2, 3]) };
    void channel.send(item);
    item.list.push(3);
    item.bytes[0] = 9;
    void channel.send(item);
    assert.equal(await channel.receive(), { list: [1, 2], bytes: new Uint8Array([1, 2, 3]) });
    assert.equal(await channel.receive(), { list: [1, 2, 3], bytes: new Uint8Array([9, 2, 3]) });
    channel.close();
  });

  tests.test(
    'binaries that were received share no memory with each other or with what comes later',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<never, Uint8Array[]>) => {
        for (let round = 0; round < 20; round++)
          await channel.send([new Uint8Array(100).fill(round), new Uint8Array(20_000).fill(round)]);
      });
      const items: Uint8Array[][] = [];
      for await (const item of channel) items.push(item);
      items[0]?.[0]?.fill(255);
      assert.is(items.length, 20);
      items.slice(1).forEach((item, index) => {
        for (const bytes of item) assert.ok(bytes.every((byte) => byte === index + 1));
      });
      assert.ok(items[0]?.[1]?.every((byte) => byte === 0));
    },
  );
}

function errors(tests: GatewayTests): void {
  tests.test('errors as values keep name, message, stack and cause', async (gateway) => {
    const cause = new RangeError('the cause');
    const error = new TypeError('the message', { cause });
    const back = (await thereAndBack(gateway, { error })) as { error: Error };
    assert.instance(back.error, TypeError);
    assert.is(back.error.message, 'the message');
    assert.is(back.error.stack, error.stack);
    assert.instance(back.error.cause, RangeError);
    assert.is((back.error.cause as Error).message, 'the cause');
  });

  tests.test('an error that remote code sends is a value, and fails nothing', async (gateway) => {
    const error = await gateway.call(() => new SyntaxError('made there'));
    assert.instance(error, SyntaxError);
    assert.not(error instanceof RemoteError);
    assert.is(error.message, 'made there');
    assert.match(error.stack ?? '', 'made there');
  });
}

class Account {
  balance = 1;
}

/** Values that would lose what they are, and the path that the error names. */
const REFUSED: readonly (readonly [title: string, value: () => unknown, path: string])[] = [
  ['a function', () => () => {}, '$'],
  ['a method', () => ({ users: [{}, {}, { save() {} }] }), '$.users[2].save'],
  ['a symbol', () => [Symbol('s')], '$[0]'],
  ['an instance of a class', () => ({ account: new Account() }), '$.account'],
  ['a promise', () => ({ later: Promise.resolve() }), '$.later'],
  ['a weak map', () => [new WeakMap()], '$[0]'],
  ['a function in a map', () => new Map([['key', () => {}]]), '$'],
  ['a function in a set', () => ({ set: new Set([() => {}]) }), '$.set'],
  ['a class', () => [Account], '$[0]'],
  ['a generator', () => [(function* () {})()], '$[0]'],
];

function refusing(tests: GatewayTests): void {
  for (const [title, make, path] of REFUSED) {
    tests.test(`${title} is a DumpError that says where it is, and the channel goes on`, async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel) => {
        for await (const item of channel) await channel.send(item);
      });
      const error = (await failureOf(channel.send(make()))) as DumpError;
      assert.instance(error, DumpError);
      assert.is(error.code, 'ERR_EXECNET_DUMP');
      assert.ok(error.path.startsWith(path), `${error.path} begins with ${path}`);
      assert.match(error.message, error.path);
      await channel.send({ fine: 1 });
      assert.equal(await channel.receive(), { fine: 1 });
      channel.close();
    });
  }

  tests.test('remote code gets the same error, and its channel goes on', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel) => {
      const error = await channel.send({ users: [{ save() {} }] }).catch((error) => error);
      await channel.send([error.name, error.code, error.path]);
    });
    assert.equal(await channel.receive(), ['DumpError', 'ERR_EXECNET_DUMP', '$.users[0].save']);
    await channel.waitClose();
  });

  tests.test(
    'what can not be read there is the same, sent in either way, and its channel goes on',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<never, unknown>) => {
        const fail = (): never => {
          throw new RangeError('mine');
        };
        const values: Readonly<Record<string, unknown>> = {
          getter: {
            before: 'x'.repeat(100_000),
            get late() {
              return fail();
            },
          },
          keys: [new Proxy({}, { ownKeys: fail })],
          item: new Proxy([1, 2], { get: (array, key) => (key === '1' ? fail() : Reflect.get(array, key)) }),
          prototype: new Proxy({}, { getPrototypeOf: fail }),
          // it sends on the same channel while its own value is read
          nested: {
            get late() {
              channel.send('from a getter').catch(() => {});
              channel.sendSync('from a getter');
              return fail();
            },
          },
        };
        const told = (name: string, { name: kind, code, cause }: Error & { code?: string }): string =>
          [name, kind, code, (cause as Error)?.message].join();
        for (const [name, value] of Object.entries(values)) {
          try {
            channel.sendSync(value);
          } catch (error) {
            channel.sendSync(told(name, error as Error));
          }
          await channel.send(value).catch((error: Error) => channel.send(told(name, error)));
        }
        // nobody is asked for JSON
        for (const { prototype } of [Date, Map])
          Object.defineProperty(prototype, 'toJSON', { value: fail, configurable: true, writable: true });
        try {
          await channel.send(new Date(0));
          channel.sendSync(new Map([[1, 2]]));
        } finally {
          // that of a date was there before
          Date.prototype.toJSON = Date.prototype.toISOString;
          Reflect.deleteProperty(Map.prototype, 'toJSON');
        }
      });
      const told: unknown[] = [];
      for await (const item of channel) told.push(item);
      const twice = (name: string): string[] => Array(2).fill(`${name},DumpError,ERR_EXECNET_DUMP,mine`);
      const nested = ['from a getter', 'from a getter', 'nested,DumpError,ERR_EXECNET_DUMP,mine'];
      assert.equal(told, [
        ...['getter', 'keys', 'item', 'prototype'].flatMap(twice),
        ...nested,
        ...nested,
        new Date(0),
        new Map([[1, 2]]),
      ]);
    },
  );
}

/** `echo`: code of the language that sends back what comes. */
export function unreadable(tests: GatewayTests, echo: string): void {
  tests.test('a value that can not be read is a DumpError, and its channel goes on', async (gateway) => {
    const channel = gateway.remoteExec<unknown, unknown>(echo);
    const cause = new RangeError('mine');
    const fail = (): never => {
      throw cause;
    };
    const values: readonly [value: unknown, path: string][] = [
      [
        {
          before: 1,
          get late() {
            return fail();
          },
        },
        '$.late',
      ],
      [{ list: [1, new Proxy({}, { ownKeys: fail })] }, '$.list[1]'],
      [
        [new Proxy([1, 2], { get: (array, key) => (key === '1' ? fail() : Reflect.get(array, key)) })],
        '$[0][1]',
      ],
      [new Proxy({}, { getPrototypeOf: fail }), '$'],
      [new Proxy(new Uint8Array(100_000), {}), '$'],
    ];
    for (const [value, path] of values) {
      const error = (await failureOf(channel.send(value))) as DumpError;
      assert.instance(error, DumpError);
      assert.is(error.path, path);
      if (!(error.cause instanceof TypeError)) assert.is(error.cause, cause);
      assert.instance(await failureOf(() => gateway.remoteExec(echo, value)), DumpError);
      await channel.send(path);
      assert.is(await channel.receive(), path);
    }
    await stop(channel);
  });
}
