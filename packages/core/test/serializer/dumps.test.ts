import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { test } from 'uvu';
import { DumpError, LoadError } from '../../src/errors/index.ts';
import { dump, dumps, FrozenSet, load, loads, Tuple } from '../../src/serializer/index.ts';

const VALUES: unknown[] = [
  null,
  1,
  'text',
  [1, 'a', { b: [null, true, 2.5] }],
  Array.from({ length: 50 }, (_, i) => ({ i, name: `n${i}` })),
  { data: new Uint8Array(50_000).fill(1) },
  new Map<unknown, unknown>([[1, new Tuple(1, new FrozenSet([2]))]]),
  'é'.repeat(500),
];

test('the first byte is the version', () => {
  strictEqual(dumps(1)[0], 3);
  strictEqual(dumps(1, { version: 2 })[0], 2);
  strictEqual(dumps(1, { version: 1 })[0], 1);
  deepStrictEqual([...dumps(null, { version: 2 })], [2, 0x4c, 0x51]);
  deepStrictEqual([...dumps(null)], [3, 0xc0]);
});

test('loads tells the versions apart', () => {
  for (const version of [1, 2, 3] as const) {
    for (const value of VALUES) deepStrictEqual(loads(dumps(value, { version })), value);
  }
});

test('an unknown version, and no bytes at all, are a LoadError', () => {
  for (const bytes of [[], [0], [4, 0xc0], [0x80]]) {
    throws(() => loads(Uint8Array.from(bytes)), LoadError);
  }
});

test('an unknown version to dump is a TypeError', () => {
  throws(() => dumps(1, { version: 4 as never }), TypeError);
});

test('bytes behind the value are a LoadError', () => {
  for (const version of [1, 2, 3] as const)
    throws(() => loads(Uint8Array.of(...dumps([1], { version }), 0)), LoadError);
});

test('a str of Python 2 is bytes unless asked for otherwise', () => {
  const bytes = Uint8Array.of(2, 0x4d, 0, 0, 0, 1, 0x61, 0x51);
  deepStrictEqual(loads(bytes), Uint8Array.of(0x61));
  strictEqual(loads(bytes, { py2strAsPy3str: true }), 'a');
});

test('limits hold when dumping and when loading', () => {
  throws(() => dumps([[[1]]], { maxDepth: 2 }), DumpError);
  throws(() => loads(dumps([[[[[1]]]]]), { maxDepth: 2 }), LoadError);
  throws(() => dumps('x'.repeat(100), { maxPayload: 50, version: 2 }), DumpError);
  throws(() => loads(dumps('x'.repeat(100)), { maxPayload: 50 }), LoadError);
});

test('what was loaded does not change with the bytes it came from', () => {
  const bytes = dumps(new Uint8Array(50_000));
  const value = loads(bytes) as Uint8Array;
  bytes.fill(1);
  strictEqual(value[40_000], 0);
});

test('what was dumped does not change with the value', () => {
  const data = new Uint8Array(50_000);
  const bytes = dumps(data);
  data.fill(1);
  strictEqual((loads(bytes) as Uint8Array)[40_000], 0);
});

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
}

test('values that stand one behind the other in a stream are loaded one by one', async () => {
  for (const version of [1, 2, 3] as const) {
    const stream = new PassThrough();
    const written = (async () => {
      for (const value of VALUES) await dump(stream, value, { version });
      stream.end();
    })();
    for (const value of VALUES) deepStrictEqual(await load(stream), value);
    await written;
    await rejects(load(stream), LoadError);
  }
});

test('a value is loaded as soon as it is there, while the stream stays open', async () => {
  for (const version of [2, 3] as const) {
    for (const value of VALUES) {
      const stream = new PassThrough();
      const loaded = load(stream);
      for await (const chunk of chunks(dumps(value, { version }), 700)) stream.write(chunk);
      deepStrictEqual(await loaded, value);
      stream.destroy();
    }
  }
});

test('a value that comes byte by byte is loaded from any source of bytes', async () => {
  for (const version of [2, 3] as const) {
    for (const value of VALUES) deepStrictEqual(await load(chunks(dumps(value, { version }), 1)), value);
    deepStrictEqual(await load(Readable.from([dumps([1], { version })])), [1]);
  }
});

test('a source that is no stream is left open for the next value', async () => {
  const source = (async function* () {
    yield dumps(1);
    yield dumps(2);
  })();
  strictEqual(await load(source), 1);
  strictEqual(await load(source), 2);
});

test('bytes behind the value in a source that can not take them back are a LoadError', async () => {
  await rejects(load(chunks(Uint8Array.of(3, 1, 2), 3)), LoadError);
});

test('a stream that ends too early, or holds something else, is a LoadError', async () => {
  for (const version of [2, 3] as const) {
    const bytes = dumps([1, 'abc', { d: [4] }], { version });
    for (let end = 0; end < bytes.length; end++)
      await rejects(load(chunks(bytes.slice(0, end), 4)), LoadError);
  }
  await rejects(load(chunks(Buffer.from('hello'), 10)), LoadError);
  await rejects(load(chunks(Uint8Array.of(3, 0xd6, 0xff), 10)), LoadError);
  await rejects(load(chunks(Uint8Array.of(2, 0x7a), 10)), LoadError);
});

test('a stream that never ends its value is given up at the limit', async () => {
  async function* endless(version: number, ...head: number[]): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(version, ...head);
    for (;;) yield new Uint8Array(1000).fill(0x4c);
  }
  await rejects(load(endless(2), { maxPayload: 10_000 }), LoadError);
  await rejects(load(endless(3, 0xdd, 0xff, 0xff, 0xff, 0xff), { maxPayload: 10_000 }), LoadError);
});

test('the error of a stream is that of load and dump', async () => {
  const failure = new Error('disk on fire');
  const source = new Readable({ read() {} });
  const loaded = load(source);
  source.destroy(failure);
  await rejects(loaded, (error) => error === failure);
  const sink = new Writable({ write: (_chunk, _encoding, callback) => callback(failure) });
  sink.on('error', () => {});
  await rejects(dump(sink, 1), (error) => error === failure);
  await rejects(
    dump(new PassThrough(), () => 1),
    DumpError,
  );
});

test('a stream of strings is a TypeError', async () => {
  await rejects(load(Readable.from(['text']) as AsyncIterable<never>), TypeError);
});

test('no listeners are left on a stream', async () => {
  const stream = new PassThrough();
  const before = stream.eventNames().map((name) => stream.listenerCount(name));
  const loaded = load(stream);
  stream.write(dumps({ a: 1 }));
  await loaded;
  deepStrictEqual(
    stream.eventNames().map((name) => stream.listenerCount(name)),
    before,
  );
  ok(!stream.destroyed);
});

test.run();
