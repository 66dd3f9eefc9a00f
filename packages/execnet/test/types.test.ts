/** What the compiler infers. It checks this file with the others: every `@ts-expect-error` must be one. Nothing of it needs to run but the last test. */
import {
  type Channel,
  type ExecnetError,
  type FromChannel,
  type Gateway,
  Group,
  type MultiChannel,
  makeGateway,
  type RemoteInfo,
  type RemoteStatus,
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
  const queue = all.makeReceiveQueue({ endMarker: 'end' as const });
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

test('the inferred types are those of the values', async () => {
  assert.ok([calls, codes, executions, others].every((checked) => typeof checked === 'function'));
  await using group = new Group();
  const gw = await group.makeGateway();
  const n = await gw.call(({ a, b }: { a: number; b: number }) => a + b, { a: 1, b: 2 });
  assert.type(n satisfies number, 'number');
});

test.run();
