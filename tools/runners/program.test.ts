// Tests of a program that uses execnet, for Vitest and Jest.
import { type Channel, DumpError, Group, makeGateway, RemoteError } from 'execnet';

/** Both bring these. */
declare const test: (title: string, body: () => Promise<void>) => void;
declare const expect: (value: unknown) => {
  toBe(value: unknown): void;
  toEqual(value: unknown): void;
  toBeInstanceOf(kind: unknown): void;
  toThrow(message: string): void;
  rejects: { toThrow(message: string): Promise<void> };
};

const outside = 5;

test('functions, errors and values', async () => {
  await using gateway = await makeGateway('popen');
  // in a program for a browser Vite gives modules of Node other names
  const join: () => string | Promise<string> =
    'window' in globalThis
      ? () => process.getBuiltinModule('node:path').join('a', 'b')
      : async () => (await import('node:path')).join('a', 'b');
  expect(await gateway.call(join)).toBe('a/b');
  const error = await gateway
    .call(() => Promise.reject(new RangeError('out')))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RemoteError);
  expect((error as Error).message).toBe('RangeError: out');
  expect(() => gateway.remoteExec(() => outside)).toThrow('outside');
  const refused = await gateway
    .call((value: unknown) => value, { f: () => 1 } as never)
    .catch((reason: unknown) => reason);
  expect(refused).toBeInstanceOf(DumpError);
  const sent = { date: new Date(0), map: new Map([[1, new TypeError('kept')]]), bytes: new Uint8Array(2) };
  const kinds = await gateway.call(
    ({ date, map, bytes }: typeof sent) => [
      date instanceof Date,
      map.get(1) instanceof TypeError,
      bytes.length,
    ],
    sent,
  );
  expect(kinds).toEqual([true, true, 2]);
  expect(await gateway.call(() => ({ date: new Date(0), set: new Set([1]) }))).toEqual({
    date: new Date(0),
    set: new Set([1]),
  });
});

test('channels, streams, objects and processes', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen');
  await using channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
    for await (const item of channel) await channel.send(2 * item);
  });
  await channel.send(4);
  expect(await channel.receive()).toBe(8);
  const writer = channel.writable.getWriter();
  await writer.write(5);
  expect((await channel.readable.getReader().read()).value).toBe(10);
  const items: number[] = [];
  for await (const item of gateway.stream(function* (count: number) {
    for (let n = 0; n < count; n++) yield n;
  }, 3))
    items.push(item);
  expect(items).toEqual([0, 1, 2]);
  await using counter = await gateway.expose((start: number) => {
    let value = start;
    return { up: () => ++value };
  }, 4);
  expect(await counter.up()).toBe(5);
  const echo = await gateway.spawn('echo', ['said']);
  const lines: string[] = [];
  for await (const line of echo) lines.push(line);
  expect(lines).toEqual(['said']);
});

test('every model, and a gateway behind another', async () => {
  await using group = new Group();
  for (const execmodel of ['thread', 'main_thread_only', 'worker', 'structured']) {
    const gateway = await group.makeGateway({ popen: true, execmodel });
    expect(await gateway.call(() => 1)).toBe(1);
  }
  const behind = await group.makeGateway('popen//via=gw0');
  expect(await behind.call(() => 2)).toBe(2);
});

test('aborting, and time', async () => {
  await using gateway = await makeGateway('popen');
  const controller = new AbortController();
  const aborted = gateway.call(() => new Promise(() => {}), undefined, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  await expect(gateway.call(() => new Promise(() => {}), undefined, { timeout: 50 })).rejects.toThrow(
    '50 ms',
  );
});
