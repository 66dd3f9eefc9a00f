import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { ConnectionLostError, type Gateway, type RemoteProcess } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** `spawn` and `connect`: processes and ports on the machine of the remote end, which is this one. */
export function processSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'processes and ports', fixture);
  processTests(tests, { spin: 'for (;;);' });
  oneThread(tests);
  tests.run();
}

/** `spin`: code of the language that does not end. */
export function processTests(tests: GatewayTests, { spin }: { spin: string }): void {
  streams(tests);
  ends(tests);
  services(tests, spin);
  ports(tests);
}

const lines = async (process: RemoteProcess): Promise<string[]> => {
  const all: string[] = [];
  for await (const line of process) all.push(line);
  return all;
};

function streams(tests: GatewayTests): void {
  tests.test('a process has its arguments, folder, environment and streams', async (gateway) => {
    const run = await gateway.spawn('sh', ['-c', 'pwd; echo "$FOO $1"; cat; echo wrong >&2', 'sh', 'a b'], {
      cwd: '/',
      env: { FOO: 'bar\n"', BAR: undefined },
    });
    assert.type(run.pid, 'number');
    run.stdin.end('from here');
    assert.is(await text(run.stdout), '/\nbar\n" a b\nfrom here');
    assert.is(await text(run.stderr), 'wrong\n');
    assert.equal(await run.exited, { code: 0, signal: null });
    assert.match(String(run), `${run.pid}: sh on`);
  });

  tests.test('much goes through whole, in both directions at a time', async (gateway) => {
    const sent = Buffer.alloc(
      10_000_000,
      Uint8Array.from({ length: 251 }, (_, n) => n),
    );
    const cat = await gateway.spawn('cat');
    cat.stdin.end(sent);
    const back = await buffer(cat.stdout);
    const hash = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
    assert.is(hash(back), hash(sent));
    assert.equal(await cat.exited, { code: 0, signal: null });
  });

  tests.test('what it does not read holds up who writes', async (gateway) => {
    await using sleeping = await gateway.spawn('sleep', ['1000']);
    const chunk = Buffer.alloc(1024 * 1024);
    let written = 0;
    // what is under way, in all the buffers and windows that are passed, is less than that
    for (let room = true; room && written < 64; written++) {
      room = sleeping.stdin.write(chunk) || (await Promise.race([drained(sleeping), after(1000, false)]));
    }
    assert.ok(written < 64, `${written} MiB`);
  });

  tests.test('its lines are iterated over, whatever they are cut into', async (gateway) => {
    const script = "printf 'one\\r\\ntwo\\n\\n'; printf '\\303'; sleep 0.05; printf '\\274\\nlast'";
    assert.equal(await lines(await gateway.spawn('sh', ['-c', script])), ['one', 'two', '', 'ü', 'last']);
    assert.equal(await lines(await gateway.spawn('true')), []);
    const failing = await gateway.spawn('sh', ['-c', 'echo begins; echo "no such thing" >&2; exit 3']);
    const seen: string[] = [];
    const error = await failureOf(async () => {
      for await (const line of failing) seen.push(line);
    });
    assert.equal(seen, ['begins']);
    assert.is(error.code, 'ERR_EXECNET_PROCESS_FAILED');
    assert.match(error.message, /^sh on .* ended with code 3; it said:\nno such thing$/);
  });

  tests.test('leaving the loop over its lines kills it', async (gateway) => {
    const endless = await gateway.spawn('yes');
    for await (const line of endless) {
      assert.is(line, 'y');
      break;
    }
    assert.equal(await endless.exited, { code: null, signal: 'SIGKILL' });
  });

  tests.test('one whose output nobody reads is killed at once', async (gateway) => {
    const all = await Promise.all([0, 1, 2].map(() => gateway.spawn('cat', ['/dev/zero'])));
    await after(300);
    const late = await gateway.spawn('cat', ['/dev/zero']);
    const begin = performance.now();
    await late[Symbol.asyncDispose]();
    await Promise.all(all.map((process) => process[Symbol.asyncDispose]()));
    // it was 12 seconds where what was under way stopped what had to be read
    assert.ok(performance.now() - begin < 9000, `${performance.now() - begin} ms`);
  });

  tests.test('one whose output nobody reads waits, and what it complains of does not', async (gateway) => {
    const endless = await gateway.spawn('sh', ['-c', 'while :; do echo y; done']);
    let waiting = -1;
    while (waiting !== endless.stdout.readableLength) {
      waiting = endless.stdout.readableLength;
      assert.ok(waiting < 1_000_000, `${waiting} bytes are kept`);
      await after(200);
    }
    await endless[Symbol.asyncDispose]();
    const chatty = await gateway.spawn('sh', ['-c', 'head -c 6000000 /dev/zero >&2; echo done']);
    assert.equal(await lines(chatty), ['done']);
    const kept = await text(chatty.stderr);
    assert.ok(kept.length > 3_000_000 && kept.length < 5_000_000);
    assert.match(kept, /\d+ bytes were dropped here/);
  });

  tests.test('what it complains of waits where somebody reads that', async (gateway) => {
    const chatty = await gateway.spawn('sh', ['-c', 'head -c 12000000 /dev/zero >&2; echo done']);
    const errors = chatty.stderr.iterator({ destroyOnReturn: false });
    let size = ((await errors.next()).value as Buffer).length;
    let over = false;
    const read = lines(chatty).then((said) => {
      over = true;
      return said;
    });
    for (let round = 0; round < 20; round++) await gateway.remoteStatus();
    await after(200);
    assert.is(over, false);
    for await (const chunk of errors) size += (chunk as Buffer).length;
    assert.is(size, 12_000_000);
    assert.equal(await read, ['done']);
  });
}

function ends(tests: GatewayTests): void {
  tests.test('what can not be started is an error with a code', async (gateway) => {
    for (const [file, options, code] of [
      ['no-such-program', {}, 'ERR_EXECNET_INTERPRETER_NOT_FOUND'],
      ['/etc/passwd', {}, 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE'],
      ['true', { cwd: '/no/such/folder' }, 'ERR_EXECNET_CHDIR'],
      ['true', { cwd: '/etc/passwd' }, 'ERR_EXECNET_CHDIR'],
    ] as const)
      assert.is((await failureOf(gateway.spawn(file, [], options))).code, code);
  });

  tests.test('kill reaches the whole group; what a process leaves behind goes with it', async (gateway) => {
    const group = await gateway.spawn('sh', ['-c', 'sleep 1000 & echo $!; wait']);
    const [child] = await firstLines(group, 1);
    group.kill();
    assert.equal(await group.exited, { code: null, signal: 'SIGTERM' });
    assert.ok(await isGone(Number(child)));
    group.kill();
    const trapping = await gateway.spawn('sh', [
      '-c',
      'trap "echo heard; exit 5" USR1; echo ready; while :; do sleep 0.01; done',
    ]);
    await firstLines(trapping, 1);
    trapping.kill('SIGUSR1');
    assert.equal(await trapping.exited, { code: 5, signal: null });
    const leaving = await gateway.spawn('sh', ['-c', 'sleep 1000 >/dev/null 2>&1 & echo $!']);
    const [left] = await lines(leaving);
    assert.ok(await isGone(Number(left)));
    assert.instance(await failureOf(() => leaving.kill('SIGNOTHING' as never)), TypeError);
  });

  tests.test('the signal kills it', async (gateway) => {
    const reason = new Error('enough');
    assert.is(await failureOf(gateway.spawn('true', [], { signal: AbortSignal.abort(reason) })), reason);
    const controller = new AbortController();
    const { signal } = controller;
    const sleeping = await gateway.spawn('sleep', ['1000'], { signal });
    const reading = failureOf(lines(sleeping));
    controller.abort(reason);
    assert.equal(await sleeping.exited, { code: null, signal: 'SIGKILL' });
    assert.is(await reading, reason);
  });

  tests.test('disposing kills it, and is nothing when it has ended', async (gateway) => {
    let pid: number;
    {
      await using sleeping = await gateway.spawn('sleep', ['1000']);
      pid = sleeping.pid;
    }
    assert.ok(await isGone(pid));
    const ended = await gateway.spawn('true');
    ended.stdout.resume();
    await ended.exited;
    await ended[Symbol.asyncDispose]();
    ended.stdin.write('dropped');
  });

  for (const [how, end] of [
    ['is terminated', async (gateway: Gateway) => await gateway.terminate({ timeout: 2000 })],
    ['is killed', (gateway: Gateway) => void process.kill(gateway.peer.pid, 'SIGKILL')],
  ] as const) {
    tests.testWith({}, `it dies with a gateway that ${how}`, async (gateway) => {
      const stubborn = await gateway.spawn('sh', ['-c', 'trap "" TERM; sleep 1000 & echo $!; wait; wait']);
      const [child] = await firstLines(stubborn, 1);
      await end(gateway);
      // there may be time to say how
      const ended = await stubborn.exited.catch((error: unknown) => error);
      if (!(ended instanceof ConnectionLostError)) assert.equal(ended, { code: null, signal: 'SIGKILL' });
      for (const pid of [stubborn.pid, Number(child)]) assert.ok(await isGone(pid));
      assert.instance(await failureOf(gateway.spawn('true')), ConnectionLostError);
    });
  }
}

function services(tests: GatewayTests, spin: string): void {
  tests.testWith({}, 'processes and ports work while code spins, and are no executions', async (gateway) => {
    gateway.remoteExec(spin);
    await after(50);
    const [first] = await lines(await gateway.spawn('echo', ['beside']));
    assert.is(first, 'beside');
    const several = Array.from({ length: 10 }, async (_, n) =>
      lines(await gateway.spawn('echo', [String(n)])),
    );
    assert.equal(
      await Promise.all(several),
      Array.from({ length: 10 }, (_, n) => [String(n)]),
    );
    await using server = await echoServer(undefined);
    const stream = await gateway.connect({ host: '127.0.0.1', port: server.port });
    stream.end('through');
    assert.is(await text(stream), 'through');
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await gateway.terminate({ timeout: 100 });
  });
}

function oneThread(tests: GatewayTests): void {
  tests.testWith({}, 'one thread serves all processes and ports', async (gateway) => {
    const { pid } = await gateway.remoteInfo();
    const threads = (): number => readdirSync(`/proc/${pid}/task`).length;
    await using server = await echoServer(undefined);
    const begin = async (): Promise<void> => {
      const process = await gateway.spawn('sleep', ['100']);
      const socket = await gateway.connect({ host: '127.0.0.1', port: server.port });
      for (const one of [socket, process.stdin, process.stdout, process.stderr]) one.on('error', () => {});
    };
    await begin();
    const before = threads();
    for (let n = 0; n < 20; n++) await begin();
    // a runtime has a pool for calls that block, which grows a little
    assert.ok(threads() - before < 8, `${before} threads, and then ${threads()}`);
  });
}

function ports(tests: GatewayTests): void {
  tests.test('connect opens a stream to a port, or to a socket of the file system', async (gateway) => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-port-'));
    try {
      for (const path of [undefined, join(folder, 'socket')]) {
        await using server = await echoServer(path);
        const stream = await gateway.connect(
          path === undefined ? { host: '127.0.0.1', port: server.port } : { path },
        );
        stream.write('one, ');
        stream.end(Buffer.alloc(1_000_000, 'x'));
        const back = await text(stream);
        assert.is(back.length, 1_000_005);
        assert.is(back.slice(0, 6), 'one, x');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  tests.test('what is written behind the end of the other side arrives', async (gateway) => {
    let got = 0;
    let ends = 0;
    await using server = await serve((socket) => {
      socket.on('data', ({ length }) => (got += length)).on('end', () => ends++);
      socket.end('bye');
    });
    for (const [early, late] of [
      [0, 100],
      [0, 8_000_000],
      [900_000, 0],
    ] as const) {
      const stream = await gateway.connect({ host: '127.0.0.1', port: server.port });
      const closed = once(stream, 'close');
      if (early > 0) stream.end(Buffer.alloc(early));
      assert.is(await text(stream.pipe(new PassThrough())), 'bye');
      if (late > 0) stream.end(Buffer.alloc(late));
      await closed;
    }
    while (ends < 3) await after(5);
    assert.is(got, 8_900_100);
  });

  tests.test('a connection that is reset fails, with the code', async (gateway) => {
    await using server = await serve((socket) => {
      socket.write('partial');
      socket.once('data', () => socket.resetAndDestroy());
    });
    const stream = await gateway.connect({ host: '127.0.0.1', port: server.port });
    const error = await failureOf(
      (async () => {
        for await (const chunk of stream) {
          assert.is(String(chunk), 'partial');
          // what nobody has read yet goes with a reset
          stream.write('go');
        }
      })(),
    );
    assert.is(error.code, 'ECONNRESET');
    assert.match(error.message, /: read ECONNRESET$/);
  });

  tests.test('what is no address is a TypeError', async (gateway) => {
    for (const address of [
      undefined,
      {},
      { host: 'localhost' },
      { host: 'localhost', port: 99_999 },
      { path: 1 },
    ])
      assert.instance(await failureOf(gateway.connect(address as never)), TypeError);
  });

  tests.test('what can not be reached is an error with a code', async (gateway) => {
    const { port } = await (async () => {
      await using server = await echoServer(undefined);
      return { port: server.port };
    })();
    const refused = await failureOf(gateway.connect({ host: '127.0.0.1', port }));
    assert.is(refused.code, 'ERR_EXECNET_REFUSED');
    assert.is((await failureOf(gateway.connect({ path: '/no/such/socket' }))).code, 'ERR_EXECNET_REFUSED');
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    assert.is(await failureOf(gateway.connect({ host: '127.0.0.1', port }, { signal })), reason);
    assert.instance(
      await failureOf(gateway.connect({ host: '127.0.0.1', port }, { timeout: -1 })),
      TypeError,
    );
  });

  tests.testWith({}, 'a stream fails when the gateway ends', async (gateway) => {
    await using server = await echoServer(undefined);
    const stream = await gateway.connect({ host: '127.0.0.1', port: server.port });
    const failed = failureOf(text(stream));
    await gateway.terminate({ timeout: 2000 });
    const error = await failed;
    // of the port, or of the gateway
    const { code } = error instanceof ConnectionLostError ? (error.cause as { code?: string }) : error;
    assert.is(code, 'ERR_EXECNET_TERMINATED');
  });
}

const drained = (process: RemoteProcess): Promise<boolean> =>
  new Promise((resolve) => process.stdin.once('drain', () => resolve(true)));

/** The first lines that it prints; it goes on. */
async function firstLines(process: RemoteProcess, count: number): Promise<string[]> {
  let said = '';
  while (said.split('\n').length <= count) {
    const chunk: unknown = process.stdout.read();
    if (chunk === null) await new Promise((resolve) => process.stdout.once('readable', resolve));
    else said += String(chunk);
  }
  process.stdout.resume();
  return said.split('\n').slice(0, count);
}

/** Whether it ends within two seconds. A zombie has: where process 1 does not reap, it stays for ever. */
async function isGone(pid: number): Promise<boolean> {
  for (const deadline = performance.now() + 2000; performance.now() < deadline; await after(10)) {
    try {
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true;
    } catch {
      return true;
    }
  }
  return false;
}

/** Sends back what arrives; on a free port, or at a path. */
async function echoServer(path: string | undefined): Promise<AsyncDisposable & { port: number }> {
  return await serve((socket) => socket.pipe(socket), path);
}

/** A server, on a free port or at a path, that lets both sides end by themselves. */
async function serve(
  connected: (socket: Socket) => unknown,
  path?: string,
): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    connected(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
