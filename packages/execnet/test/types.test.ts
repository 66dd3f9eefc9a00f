/** What the compiler infers. It checks this file with the others: every `@ts-expect-error` must be one. Nothing of it needs to run but the last test. */
import type { Duplex, Readable, Writable } from 'node:stream';
import {
  type Channel,
  type ExecnetError,
  type FromChannel,
  type Gateway,
  Group,
  type MultiChannel,
  makeGateway,
  type RemoteInfo,
  type RemoteProcess,
  type RemoteStatus,
  type Wire,
} from 'execnet';
import * as assert from 'uvu/assert';
import { test } from './fixtures/tests.ts';

/** Only the very same type is accepted. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(...proof: Same<A, B> extends true ? [] : ['these types differ']): void => void proof;

async function calls(gw: Gateway): Promise<void> {
  const n = await gw.call(({ a, b }: { a: number; b: number }) => a + b, { a: 1, b: 2 });
  same<typeof n, number>();
  const text = await gw.call(async (value: number) => String(value), 1);
  same<typeof text, string>();
  const nothing = await gw.call(() => {});
  same<typeof nothing, void>();
  const list = await gw.call(() => [{ a: 1 }] as const);
  same<typeof list, readonly [{ readonly a: 1 }]>();
  const nested = await gw.call(async () => Promise.resolve(Promise.resolve(new Map([['a', 1n]]))));
  same<typeof nested, Map<string, bigint>>();
  const optional = await gw.call((value?: number) => value);
  same<typeof optional, number | undefined>();
  await gw.call((value: number | undefined) => value, 2, {
    timeout: 10,
    signal: AbortSignal.timeout(10),
    globals: ['x'],
  });
  await gw.call(() => 1, undefined, { timeout: 10 });

  // @ts-expect-error the function needs an argument
  await gw.call((value: number) => value);
  // @ts-expect-error the argument has another type
  await gw.call((value: number) => value, 'text');
  // @ts-expect-error a property is missing
  await gw.call(({ a, b }: { a: number; b: number }) => a + b, { a: 1 });
  // the items of a stream
  const stream = gw.stream(async function* (count: number) {
    yield { count };
  }, 1);
  for await (const { count } of stream) same<typeof count, number>();
  for await (const each of gw.stream(() => [1, 'a'])) same<typeof each, number | string>();
  // @ts-expect-error what it gives can't be iterated
  gw.stream(() => 1);
  // @ts-expect-error the function needs an argument
  gw.stream((count: number) => [count]);
  // functions of other languages, by their names
  const unknown = await gw.call('math.factorial', [5]);
  same<typeof unknown, unknown>();
  const named = await gw.call<number>(new URL('file:///job.py#work'), { n: 1 }, { timeout: 10 });
  same<typeof named, number>();
  // @ts-expect-error a timeout is a number of milliseconds
  await gw.call(() => 1, undefined, { timeout: '10' });
}

/** Types of what arrives, which is not always what was sent. */
async function arrivals(gw: Gateway, group: Group): Promise<void> {
  same<Wire<Buffer>, Uint8Array<ArrayBuffer>>();
  same<Wire<{ data: Buffer; at?: Date; readonly pair: [1, Buffer] }>, Arrived>();
  same<Wire<Map<string, Buffer[]>>, Map<string, Uint8Array<ArrayBuffer>[]>>();
  same<Wire<ReadonlySet<Buffer>>, Set<Uint8Array<ArrayBuffer>>>();
  same<Wire<Record<string, Buffer>>, Record<string, Uint8Array<ArrayBuffer>>>();
  same<Wire<Channel<string, number>>, Channel<number, string>>();
  same<Wire<{ reply: Channel<never, 'a'> }>, { reply: Channel<'a', never> }>();
  same<Wire<unknown>, unknown>();
  same<Wire<ReturnType<typeof JSON.parse>>, ReturnType<typeof JSON.parse>>();
  same<Wire<never>, never>();
  same<Wire<undefined | null>, undefined | null>();
  same<Wire<void>, void>();
  same<Wire<Error>, Error>();
  same<Wire<'a' | 1n | Float64Array>, 'a' | 1n | Float64Array>();
  // a record may look like an error and have more
  same<Wire<{ name: string; message: string; data: Buffer }>['data'], Uint8Array<ArrayBuffer>>();
  // types that hold themselves
  const json = (value: Wire<Json>): Json => value;
  const tree = (value: Wire<Tree>) => value.children[0]?.data;
  same<ReturnType<typeof tree>, Uint8Array<ArrayBuffer> | undefined>();
  assert.ok(json !== (tree as unknown));

  const read = await gw.call(async () => ({ data: Buffer.from('x') }));
  same<typeof read, { data: Uint8Array<ArrayBuffer> }>();
  // @ts-expect-error it is no Buffer any more: that would be numbers
  read.data.toString('utf8');
  for await (const chunk of gw.stream(function* () {
    yield Buffer.from('x');
  }))
    same<typeof chunk, Uint8Array<ArrayBuffer>>();
  const channel = gw.remoteExec((channel: Channel<number, Buffer>) => channel.send(Buffer.from('x')));
  same<typeof channel, Channel<Uint8Array<ArrayBuffer>, number>>();
  const all = group.remoteExec((channel: Channel<number, Buffer>) => channel.send(Buffer.from('x')));
  same<typeof all, MultiChannel<Uint8Array<ArrayBuffer>, number>>();
  // the type arguments are those of the channel here, whatever the code is given as
  const typed = gw.remoteExec<Buffer, string>(async (channel: Channel<string, Buffer>) => {
    await channel.send(Buffer.from(await channel.receive()));
  });
  same<typeof typed, Channel<Uint8Array<ArrayBuffer>, string>>();

  // nor is what text, functions by their names and channels of one's own say
  same<ReturnType<typeof gw.remoteExec<Buffer, string>>, Channel<Uint8Array<ArrayBuffer>, string>>();
  const named = await gw.call<{ data: Buffer }>('job.run');
  same<typeof named, { data: Uint8Array<ArrayBuffer> }>();
  same<
    ReturnType<typeof gw.newChannel<Buffer, Channel<1, 2>>>,
    Channel<Uint8Array<ArrayBuffer>, Channel<1, 2>>
  >();

  // a Buffer may be sent to code that takes what it arrives as
  await gw.call((data: Uint8Array) => data.length, Buffer.from('x'));
  // as the compiler calls those that a program makes
  const sent = { bytes: new Uint8Array(2), list: [new Uint8Array(2)] };
  same<typeof sent.bytes, Uint8Array<ArrayBuffer>>();
  await gw.call(({ bytes, list }: typeof sent) => bytes.length + list.length, sent);
  gw.remoteExec(async (channel: Channel<typeof sent>) => (await channel.receive()).bytes);
  // @ts-expect-error it is no Buffer there
  await gw.call((data: Buffer) => data.toString('latin1'), Buffer.from('x'));
  // @ts-expect-error it is no Buffer there, and stands in a list
  gw.remoteExec((channel: Channel, chunks: Buffer[]) => channel.send(chunks.length), [Buffer.from('x')]);
  // @ts-expect-error what it receives is no Buffer
  gw.remoteExec(async (channel: Channel<Buffer, string>) =>
    channel.send((await channel.receive()).toString()),
  );
  // @ts-expect-error nor that which a stream gets
  gw.stream((data: Buffer) => [data.toString()], Buffer.from('x'));
}

async function unsendable(gw: Gateway, group: Group): Promise<void> {
  // @ts-expect-error a function
  await gw.call(() => () => 1);
  // @ts-expect-error a type with a method
  await gw.call(async () => ({ list: [{ save() {} }] }));
  // @ts-expect-error a symbol
  await gw.call(() => Symbol.iterator as symbol);
  // @ts-expect-error an object with methods
  await gw.call(() => new Map([['a', new URL('file:///')]]));
  // @ts-expect-error a function, in arguments
  await gw.call((args: { done: () => void }) => args, { done() {} });
  // @ts-expect-error a promise
  await gw.call((args: { later: Promise<number> }) => typeof args, { later: Promise.resolve(1) });
  // @ts-expect-error a function, which may be there
  await gw.call((args: { done?: () => void }) => typeof args, {} as { done?: () => void });
  // @ts-expect-error an instance with private members
  await gw.call((counter: Counter) => counter.n, new Counter());
  // @ts-expect-error what the code receives would be a function
  gw.remoteExec((channel: Channel<() => void, string>) => channel.send(''));
  // @ts-expect-error what the code sends would be one
  group.remoteExec((channel: Channel<string, { each(): void }>) => channel.send({ each() {} }));
  // @ts-expect-error what it yields is a function
  gw.stream(() => [() => 1]);
  // what the type arguments of text and of new channels say
  const text = gw.remoteExec<() => void, { done(): void }>('await channel.receive()');
  same<Awaited<ReturnType<typeof text.receive>>, never>();
  // @ts-expect-error an object with a method
  await text.send({ done() {} });
  // @ts-expect-error a function
  await gw.newChannel<never, () => void>().send(() => {});
  // @ts-expect-error functions, in a list, to each
  await group.remoteExec<never, (() => void)[]>('').sendEach([() => {}]);
  // what types can't tell is told when it is dumped
  await gw.call(
    (value: unknown) => value,
    () => 1,
  );
}

/** Nothing of it needs a cast. */
async function generic<Item, Result>(
  gw: Gateway,
  items: Item[],
  work: (item: Item) => Result,
): Promise<void> {
  const [first] = items as [Item];
  const one: Wire<Awaited<Result>> = await gw.call(work, first);
  const none: Wire<Awaited<Result>> = await gw.call((() => one) as unknown as () => Result);
  const all: Wire<Awaited<Result>>[] = await Promise.all(items.map((item) => gw.call(work, item)));
  const count: number = await gw.call(({ items }: { items: Item[] }) => items.length, { items });
  await gw.newChannel<Result, Item>().send(first);
  await gw.remoteExec<Result, { items: Item[] }>('').send({ items });
  for await (const item of gw.stream((item: Item) => [item], first)) same<typeof item, Wire<Awaited<Item>>>();
  gw.remoteExec((channel: Channel<unknown, string>, { item }: { item: Item }) => channel.send(String(item)), {
    item: first,
  });
  assert.ok([one, none, all, count]);
}

async function constrained<Job extends { id: string; data: Record<string, unknown> }>(
  gw: Gateway,
  jobs: readonly Job[],
  run: (job: Job) => Promise<{ id: string }>,
): Promise<string[]> {
  const done = await Promise.all(jobs.map((job) => gw.call(run, job, { timeout: 1000 })));
  return done.map(({ id }) => id);
}

/** A channel in a value is the other end's there: what it receives here is sent there. */
async function nested(gw: Gateway): Promise<void> {
  const results = gw.newChannel<string>();
  await gw.call(async ({ results }: { results: Channel<unknown, string> }) => results.send('a'), { results });
  const both = gw.newChannel<string, number>();
  await gw.call(async (both: Channel<number, string>) => both.send(String(await both.receive())), both);
  gw.remoteExec(async (_: Channel, list: Channel<never, string>[]) => list[0]?.send('a'), [results]);
  const made = await gw.call(() => ({}) as { given: Channel<string, number> });
  same<typeof made, { given: Channel<number, string> }>();
  const sending = gw.remoteExec(async (channel: Channel<{ reply: Channel<never, Buffer> }, never>) => {
    const { reply } = await channel.receive();
    await reply.send(Buffer.from('x'));
  });
  await sending.send({ reply: gw.newChannel<Uint8Array>() });
  // @ts-expect-error it sends numbers there
  await gw.call(async (both: Channel<string, number>) => both.send(1), both);
  // @ts-expect-error it sends numbers there
  await gw.call(async ({ results }: { results: Channel<never, number> }) => results.send(1), { results });
}

async function exposed(gw: Gateway): Promise<void> {
  class Store {
    readonly name: string;
    readonly #items = new Map<string, Buffer>();
    constructor(name: string) {
      this.name = name;
    }
    get(key: string): Buffer | undefined {
      return this.#items.get(key);
    }
    async set(key: string, value: Uint8Array, ...tags: string[]): Promise<number> {
      this.#items.set(key + tags.length, Buffer.from(value));
      return this.#items.size;
    }
  }
  await using store = await gw.expose(({ path }: { path: string }) => new Store(path), { path: '/a' });
  const value = await store.get('a');
  same<typeof value, Uint8Array<ArrayBuffer> | undefined>();
  const size = await store.set('a', Buffer.from('x'), 'tag');
  same<typeof size, number>();
  // @ts-expect-error it has no such method
  await store.delete('a');
  // @ts-expect-error a property is no method
  assert.ok(store.name);
  // @ts-expect-error the value has another type
  await store.set('a', 'x');
  // @ts-expect-error the function needs an argument
  await gw.expose(({ path }: { path: string }) => new Store(path));
  const named = await gw.expose<{ pop(): number }>('collections.deque', [[1]]);
  same<ReturnType<typeof named.pop> extends Promise<infer Result> ? Result : never, number>();
  const any = await gw.expose('collections.deque');
  const anything = await any['pop']?.();
  same<typeof anything, unknown>();
}

async function inferred(gw: Gateway): Promise<void> {
  // what the function does not declare is what it is given
  const doubled = await gw.call((value) => value * 2, 21);
  same<typeof doubled, number>();
  const size = await gw.call(({ list }) => list.length, { list: ['a'] });
  same<typeof size, number>();
  const kind = await gw.call((job: { kind: 'a' | 'b'; pair: [number, string] }) => job.kind, {
    kind: 'a',
    pair: [1, ''],
  });
  same<typeof kind, 'a' | 'b'>();
  // @ts-expect-error there is no such kind
  await gw.call((job: { kind: 'a' }) => job.kind, { kind: 'c' });
  // @ts-expect-error there is no such property
  await gw.call((job: { kind: 'a' }) => job.kind, { kind: 'a', size: 1 });
}

interface Arrived {
  data: Uint8Array<ArrayBuffer>;
  at?: Date;
  readonly pair: [1, Uint8Array<ArrayBuffer>];
}
interface Tree {
  readonly children: Tree[];
  readonly data: Buffer;
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
class Counter {
  readonly n: number = 1;
  readonly #hidden: number = 2;
  protected readonly hidden = this.#hidden;
}

function codes(error: ExecnetError): string {
  if (error.code === 'ERR_EXECNET_TIMEOUT') return 'late';
  // @ts-expect-error there is no such code
  return error.code === 'ERR_EXECNET_LATE' ? 'late' : error.code;
}

async function executions(gw: Gateway, group: Group): Promise<void> {
  // what the code receives is sent here, and the other way round
  const channel = gw.remoteExec(async (channel: Channel<string, number>) => {
    await channel.send((await channel.receive()).length);
  });
  same<typeof channel, Channel<number, string>>();
  await channel.send('text');
  // @ts-expect-error the code receives strings
  await channel.send(1);
  const item = await channel.receive();
  same<typeof item, number>();
  for await (const each of channel) same<typeof each, number>();
  channel.setCallback((each) => same<typeof each, number>());
  channel.setCallback((each) => same<typeof each, number | null>(), { endMarker: null });
  same<typeof channel.readable, ReadableStream<number>>();
  same<typeof channel.writable, WritableStream<string>>();

  const withArgs = gw.remoteExec(
    (channel: Channel<unknown, boolean>, { limit }: { limit: number }) => channel.send(limit > 1),
    { limit: 1 },
    { signal: AbortSignal.timeout(1) },
  );
  same<typeof withArgs, Channel<boolean, unknown>>();
  // @ts-expect-error the function needs arguments
  gw.remoteExec((channel: Channel, { limit }: { limit: number }) => channel.send(limit));
  // @ts-expect-error the arguments have another type
  gw.remoteExec((channel: Channel, { limit }: { limit: number }) => channel.send(limit), { limit: '1' });

  // without types of its own, code sends and receives anything
  const untyped = gw.remoteExec((channel) => {
    same<typeof channel, Channel<unknown, unknown>>();
  });
  same<typeof untyped, Channel<unknown, unknown>>();
  const source = gw.remoteExec<number, string>('channel.send(1)', { any: 'arguments' });
  same<typeof source, Channel<number, string>>();
  same<ReturnType<typeof gw.newChannel<1, 2>>, Channel<1, 2>>();

  const all = group.remoteExec(async (channel: Channel<string, number>) => channel.send(1));
  same<typeof all, MultiChannel<number, string>>();
  await all.sendEach('text');
  // @ts-expect-error the code receives strings
  await all.sendEach(1);
  const items = await all.receiveEach();
  same<typeof items, number[]>();
  const entries = await all.receiveEach({ withChannel: true, timeout: 10 });
  same<typeof entries, FromChannel<number, string>[]>();
  const queue = all.makeReceiveQueue({ endMarker: 'end' });
  const entry = await queue.receive();
  same<typeof entry.item, number | 'end'>();
}

async function others(gw: Gateway, group: Group): Promise<void> {
  same<Awaited<ReturnType<typeof gw.remoteStatus>>, RemoteStatus>();
  same<Awaited<ReturnType<typeof gw.remoteInfo>>, RemoteInfo>();
  same<ReturnType<typeof group.get>, Gateway | undefined>();
  const gateways = await group.makeGateways([
    '2*popen',
    { popen: true, env: { A: 'b' }, nice: 3, threads: 2 },
  ]);
  same<typeof gateways, Gateway[]>();
  await makeGateway({
    popen: true,
    stdio: 'pipe',
    chdir: '/tmp',
    node: '/usr/bin/node',
    execmodel: 'thread',
  });
  // @ts-expect-error no such thing can be done with output
  await makeGateway({ popen: true, stdio: 'somewhere' });
  // @ts-expect-error values of the environment are strings
  await makeGateway({ popen: true, env: { A: 1 } });
  await using disposable = gw.newChannel();
  same<typeof disposable, Channel<unknown, unknown>>();
  // @ts-expect-error the mode is 'r' or 'w'
  gw.newChannel().makeFile('rw');
}

async function services(gw: Gateway): Promise<void> {
  await using child = await gw.spawn('ls', ['-l'], { cwd: '/', env: { A: 'b', B: undefined }, nice: 3 });
  same<typeof child, RemoteProcess>();
  const { code, signal } = await child.exited;
  same<typeof code, number | null>();
  same<typeof signal, NodeJS.Signals | null>();
  same<typeof child.stdin, Writable>();
  same<typeof child.stdout, Readable>();
  same<typeof child.stderr, Readable>();
  for await (const line of child) same<typeof line, string>();
  // @ts-expect-error arguments are strings
  await gw.spawn('sleep', [1]);
  // @ts-expect-error there is no shell between
  await gw.spawn('ls', [], { shell: true });
  const socket = await gw.connect({ host: 'localhost', port: 80 }, { timeout: 10 });
  same<typeof socket, Duplex>();
  same<Awaited<ReturnType<typeof gw.connect>>, Duplex>();
  await gw.connect({ path: '/run/socket' });
  // @ts-expect-error a port has a host
  await gw.connect({ port: 80 });
  // @ts-expect-error it is one or the other
  await gw.connect({ host: 'localhost', port: 80, path: '/run/socket' });
}

async function asCodeSeesIt(gw: Gateway, group: Group): Promise<void> {
  gw.remoteExec((channel: Channel<number, string>) => {
    same<typeof channel.gateway.id, string>();
    const made = channel.gateway.newChannel<number, string>();
    same<typeof made, Channel<number, string>>();
  });
  const all = group.remoteExec((channel: Channel<string, number>) => channel.send(1));
  same<ReturnType<typeof all.at>, Channel<number, string> | undefined>();
  await all.at(0)?.send('text');
  // @ts-expect-error the code receives strings
  await all.at(-1)?.send(1);
}

test('the inferred types are those of the values', async () => {
  const checked = [
    calls,
    codes,
    executions,
    others,
    arrivals,
    unsendable,
    generic,
    constrained,
    nested,
    exposed,
    inferred,
    services,
    asCodeSeesIt,
  ];
  assert.ok(checked.every((each) => typeof each === 'function'));
  await using group = new Group();
  const gw = await group.makeGateway();
  const n = await gw.call(({ a, b }: { a: number; b: number }) => a + b, { a: 1, b: 2 });
  assert.type(n satisfies number, 'number');
});

test.run();
