import type { Connection, ConnectionSink, Exit, Transport } from '@execnet/core/plugin';
import { ConnectionLostError, type Gateway, Group, Registry, thread } from 'execnet';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { remoteEnds } from './fixtures/interpreters.ts';
import {
  CODE,
  concat,
  cut,
  frame,
  hardMutation,
  int32,
  item,
  Random,
  softMutation,
} from './fixtures/mutations.mjs';
import { isRunning } from './fixtures/processes.ts';
import { programFile } from './fixtures/programs.ts';
import { test, triesAll } from './fixtures/tests.ts';

/** Channels of the local end are odd; those of a remote end are even. */
const IDS = [1, 3, 5, 7, 9, 11, 13, 512, 514, 1024];

/** A remote end in this process, which says hello and then whatever the test says. */
class HostileConnection implements Connection {
  readonly remoteAddress = 'hostile';
  readonly closed: Promise<Exit>;
  /** Bytes that the local end has written, and that nobody reads. */
  queued = 0;
  readonly #written: Uint8Array[] = [];
  #settle: ((exit: Exit) => void) | undefined;
  #sink: ConnectionSink | undefined;
  #greeted = false;
  readonly #greet: (token: string) => Uint8Array;

  /** `greet` gives the first bytes, for a token. */
  constructor(greet: (token: string) => Uint8Array) {
    this.#greet = greet;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get ended(): boolean {
    return this.#settle === undefined;
  }

  say(bytes: Uint8Array): void {
    if (!this.ended) this.#sink?.data(bytes);
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): boolean {
    if (!this.#greeted) {
      this.#greeted = true;
      const length = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0);
      const { token } = JSON.parse(Buffer.from(chunk.subarray(4, 4 + length)).toString()) as {
        token: string;
      };
      queueMicrotask(() => this.say(this.#greet(token)));
    } else {
      this.#written.push(chunk);
      this.queued += chunk.length;
    }
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  async abort(): Promise<void> {
    if (this.ended) return;
    this.#settle?.({ stderr: '' });
    this.#settle = undefined;
    this.#sink?.end();
  }

  pause(): void {}
  resume(): void {}
  ref(): void {}
  unref(): void {}
  end(): void {}
}

/** What a remote end says first. */
function greeting(token: string): Uint8Array {
  const hello = { protocol: 1, runtime: 'node', version: '99.0.0', pid: 1 };
  return concat(Buffer.from(token), frame(CODE.HELLO, 0, Buffer.from(JSON.stringify(hello))));
}

async function makeHostile(
  greet: (token: string) => Uint8Array = greeting,
): Promise<{ gateway: Gateway; connection: HostileConnection }> {
  const connection = new HostileConnection(greet);
  const transport: Transport = {
    kind: 'transport',
    field: 'hostile',
    options: [],
    starts: 'command',
    supports: { halfClose: true, exitStatus: false, separateStdout: true },
    connect: () => Promise.resolve(connection),
  };
  const group = new Group({ registry: new Registry([transport, thread()]), exitHook: false });
  return { gateway: await group.makeGateway('hostile'), connection };
}

/** Every kind of wait there is, each of which has to settle. */
function waits(gateway: Gateway): Promise<unknown>[] {
  const receiving = gateway.remoteExec('1'); // 1
  const closing = gateway.remoteExec('1'); // 3
  const called = gateway.remoteExec('1'); // 5
  const sending = gateway.remoteExec('1'); // 7
  const iterating = gateway.remoteExec('1'); // 9
  called.setCallback(() => {}, { endMarker: undefined });
  const iterate = async (): Promise<void> => {
    for await (const value of iterating) void value;
  };
  return [
    receiving.receive(),
    receiving.receive({ timeout: 600_000 }),
    closing.waitClose(),
    called.waitClose(),
    sending.send('x'.repeat(100_000)),
    sending.send(new Uint8Array(100_000)),
    iterate(),
    gateway.remoteStatus(), // 11
    gateway.call(() => 1), // 13
  ];
}

/** Other local ends try so small a part in the default tier. */
const SHARE = triesAll ? 1 : 5;

/** 10,000 in all, on the main local end. Most keep the boundaries of frames, because the first that does not is the last that is understood. */
const KINDS = [
  ['in their payloads, codes and channels', softMutation, 8000 / SHARE],
  ['anywhere', hardMutation, 2000 / SHARE],
] as const;

for (const [where, mutate, frames] of KINDS) {
  test(`thousands of frames that were mutated ${where}, fed to the local end, are errors at worst`, async () => {
    let fed = 0;
    let lost = 0;
    for (let seed = 1; fed < frames; seed++) {
      const random = new Random(seed);
      const { gateway, connection } = await makeHostile();
      const settled = Promise.allSettled(waits(gateway));
      for (let n = 0; n < 50 && !connection.ended; n++) {
        for (const chunk of cut(random, mutate(random, IDS))) connection.say(chunk);
        fed++;
        if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      if (connection.ended) {
        lost++;
        // whatever it was, it is told as the loss of the connection, and why
        try {
          gateway.newChannel();
          assert.unreachable();
        } catch (error) {
          assert.instance(error, ConnectionLostError, `seed ${seed}: ${String((error as Error).stack)}`);
          assert.match(
            (error as Error & { cause: Error }).cause.name,
            /ProtocolError|LoadError/,
            `seed ${seed}`,
          );
        }
      }
      // it would not react to being asked
      gateway.kill();
      await gateway.join();
      const ends = await settled;
      assert.is(ends.length, 9);
      assert.not(gateway.hasReceiver);
    }
    assert.ok(lost > 0);
  });
}

/** What the heap and the buffers take, after a collection where that can be had. */
function memory(): number {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(now: boolean): void } };
  gc?.();
  Bun?.gc(true);
  return process.memoryUsage().rss;
}

/** Frames that cost the sender little and must not cost the receiver much. */
const FLOODS: Record<string, (n: number) => Uint8Array> = {
  'PING without reading': () => frame(CODE.PING, 0, new Uint8Array(1000)),
  'CHANNEL_EXEC without reading': (n) => frame(CODE.CHANNEL_EXEC, 2 + 2 * n, item({ kind: 'function' })),
  'BIND of ever new channels': (n) => frame(CODE.BIND, 1, int32(2 + 2 * n)),
  'data for channels that nobody knows': (n) => frame(CODE.CHANNEL_DATA, 2 + 2 * n, new Uint8Array(1000)),
  'data without credit': () => frame(CODE.CHANNEL_DATA, 1, item('x'.repeat(1000))),
  'empty data without credit': () => frame(CODE.CHANNEL_DATA, 1),
  'beginnings of huge items': (n) =>
    frame(CODE.FRAGMENT_FIRST, [1, 3, 5, 7, 9][n % 5] ?? 1, concat(int32(0x3fffffff), new Uint8Array(10))),
  'credit without end': () => frame(CODE.CREDIT, 7, int32(0x7fffffff)),
  'closes of channels that nobody knows': (n) => frame(CODE.CHANNEL_CLOSE, 2 + 2 * n),
};

for (const [what, make] of Object.entries(FLOODS)) {
  test(`a flood takes no unbounded memory of the local end: ${what}`, async () => {
    const { gateway, connection } = await makeHostile();
    const kept = [1, 2, 3, 4, 5].map(() => gateway.remoteExec('1'));
    const before = memory();
    for (let n = 0; n < 400_000 && !connection.ended; n += 1000) {
      const frames: Uint8Array[] = [];
      for (let m = n; m < n + 1000; m++) frames.push(make(m));
      connection.say(concat(...frames));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const risen = memory() - before;
    // 400,000 frames of 1,000 bytes are 400 MB; what a collector leaves for later is less than half of that
    assert.ok(risen < 250_000_000, `${Math.round(risen / 1e6)} MB`);
    assert.is(kept.length, 5);
    await gateway.terminate({ timeout: 0 });
  });
}

test('a program that says hello and then writes mutated frames is ended, and every wait with it', async () => {
  const { path } = remoteEnds.find(({ kind }) => kind === 'node') as { path: string };
  await using group = new Group();
  for (const [seed, kind] of [
    [1, 'soft'],
    [2, 'hard'],
    [3, 'soft'],
    [4, 'hard'],
  ] as const) {
    const gateway = await group.makeGateway(
      `popen//node=${path} ${programFile('hostile.mjs')} ${seed} ${kind}//stdio=ignore`,
    );
    await Promise.allSettled(waits(gateway));
    await gateway.join();
    const lost = (await failureOf(gateway.remoteStatus())) as ConnectionLostError & { cause: Error };
    assert.instance(lost, ConnectionLostError);
    assert.match(lost.cause.name, /ProtocolError/);
    assert.not(isRunning(gateway.peer.pid));
  }
  assert.is(group.size, 0);
});

/** Greetings that are none, and the codes that tell so. */
const GREETINGS: readonly (readonly [string, Uint8Array, code: string, said: RegExp])[] = [
  ['garbage', new Uint8Array(100).fill(255), 'ERR_EXECNET_NOT_AN_INTERPRETER', /said no hello/],
  [
    'another frame',
    frame(CODE.CHANNEL_DATA, 1, item(1)),
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    /CHANNEL_DATA arrived before/,
  ],
  [
    'a HELLO that is no JSON',
    frame(CODE.HELLO, 0, item({})),
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    /said no hello/,
  ],
  ['an empty HELLO', frame(CODE.HELLO, 0), 'ERR_EXECNET_NOT_AN_INTERPRETER', /said no hello/],
  [
    'a HELLO of nothing',
    frame(CODE.HELLO, 0, Buffer.from('null')),
    'ERR_EXECNET_PROTOCOL_VERSION',
    /version undefined/,
  ],
  [
    'a HELLO of another version',
    frame(CODE.HELLO, 0, Buffer.from('{"protocol":2}')),
    'ERR_EXECNET_PROTOCOL_VERSION',
    /speaks version 2 .* this end version 1/,
  ],
  [
    'a HELLO without end',
    concat(frame(CODE.HELLO, 0).slice(0, 5), int32(0x3fffffff)),
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    /payload of 1073741823/,
  ],
];

for (const [what, bytes, code, said] of GREETINGS) {
  test(`a greeting that is none is an error with a reason: ${what}`, async () => {
    const failure = await failureOf(
      makeHostile((token) => concat(Buffer.from(`noise ${token.slice(0, 20)}`), Buffer.from(token), bytes)),
    );
    assert.is(failure.code, code, failure.message);
    assert.match(failure.message, said);
  });
}

test('a payload that is announced and never comes reserves nothing', async () => {
  const { gateway, connection } = await makeHostile();
  gateway.remoteExec('1');
  const before = memory();
  const header = frame(CODE.CHANNEL_CLOSE_ERROR, 1);
  new DataView(header.buffer).setInt32(5, 0x3fffffff);
  connection.say(header);
  connection.say(new Uint8Array(100));
  assert.ok(memory() - before < 64 * 1024 * 1024);
  assert.ok(gateway.hasReceiver);
  await gateway.terminate({ timeout: 0 });
});

test.run();
