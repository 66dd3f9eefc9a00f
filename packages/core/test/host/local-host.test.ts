import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasCode } from '../../src/errors/index.ts';
import { localHost } from '../../src/host/index.ts';
import { livingMembers } from '../../src/host/process-group.ts';
import type { Address, Command, Connection } from '../../src/registry/index.ts';
import { Sink } from './sink.ts';

/** `sh` runs it, with the protocol on 3 and 4. */
const script = (text: string): Command => ({
  file: 'sh',
  args: ['-c', text],
  env: {},
  descriptors: { input: 3, output: 4 },
});

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    (value) => Promise.reject(new Error(`resolved with ${String(value)}`)),
    (error: Error) => error,
  );
}

test('bytes go there and back, and end() lets the peer read every queued byte', async () => {
  const connection = await localHost.spawn(script('cat <&3 >&4; echo over'));
  const sink = new Sink(connection);
  const large = Buffer.alloc(3_000_000, 'abcdefg');
  connection.write(Buffer.from('first '));
  assert.not(connection.write(large), 'more than fits is to be drained');
  assert.ok(connection.queued > 0);
  await connection.drained();
  connection.end();
  connection.end();
  connection.write(Buffer.from('dropped'));
  await sink.ended;
  assert.ok(sink.bytes.equals(Buffer.concat([Buffer.from('first '), large])));
  assert.equal(await connection.closed, { code: 0, stderr: '' });
  assert.equal(sink.outputs, { stdout: 'over\n', stderr: '' });
  assert.equal(sink.ends, [undefined]);
  assert.match(connection.remoteAddress, /^popen:\d+$/);
  assert.throws(() => new Sink(connection), TypeError);
  await connection.abort();
});

test('what a process wrote before it ended waits for a reader that pauses', async () => {
  const connection = await localHost.spawn(script('head -c 150000 /dev/zero >&4'));
  connection.pause();
  const sink = new Sink(connection);
  connection.pause();
  const pid = Number(connection.remoteAddress.slice('popen:'.length));
  // it has ended, and nobody has read
  while (livingMembers(pid).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const settled = await Promise.race([
    connection.closed.then(() => 'closed'),
    new Promise((resolve) => setTimeout(resolve, 1500, 'waits')),
  ]);
  assert.is(settled, 'waits');
  connection.resume();
  assert.is((await connection.closed).code, 0);
  assert.is(sink.bytes.length, 150_000);

  const dropped = await localHost.spawn(script('head -c 150000 /dev/zero >&4'));
  new Sink(dropped);
  dropped.pause();
  await dropped.abort();
});

test('what a process wrote before it ended arrives, also when the program was busy meanwhile', async () => {
  const connection = await localHost.spawn(
    script('head -c 100000 /dev/zero >&4; head -c 60000 /dev/zero; head -c 50000 /dev/zero >&2'),
  );
  const sink = new Sink(connection);
  const exited = connection.closed;
  // the process ends, and every patience with it, while nothing of it can be read
  for (let n = 0; n < 20; n++) {
    const until = performance.now() + 100;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await exited;
  assert.is(sink.bytes.length, 100_000);
  assert.is(sink.outputs.stdout.length, 60_000);
  assert.is(sink.outputs.stderr.length, 50_000);
});

test('the end is told with code or signal, and the tail of stderr', async () => {
  const failing = await localHost.spawn(
    script('i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 5'),
  );
  const sink = new Sink(failing);
  const { code, signal, stderr } = await failing.closed;
  assert.equal([code, signal], [5, undefined]);
  assert.is(stderr.length, 8192);
  assert.match(stderr, /line 1999\n$/);
  assert.is(sink.outputs.stderr.split('\n').length, 2001);
  const killed = await localHost.spawn(script('kill -TERM $$'));
  new Sink(killed);
  assert.equal(await killed.closed, { signal: 'SIGTERM', stderr: '' });
});

test('with the protocol on 0 and 1 what is printed comes from the descriptor that the command names', async () => {
  const command = {
    ...script('echo printed >&3; echo warned >&2; cat'),
    descriptors: { input: 0, output: 1, stdout: 3 },
  };
  const connection = await localHost.spawn(command);
  const sink = new Sink(connection);
  connection.write(Buffer.from('protocol'));
  connection.end();
  assert.is((await connection.closed).code, 0);
  assert.is(sink.bytes.toString(), 'protocol');
  assert.is(sink.outputs.stdout, 'printed\n');
  assert.is(sink.outputs.stderr, 'warned\n');

  const silent = await localHost.spawn(
    { ...command, args: ['-c', '(echo printed >&3) 2>/dev/null; echo warned >&2; cat'] },
    { stdio: 'ignore' },
  );
  const silentSink = new Sink(silent);
  silent.end();
  assert.equal(await silent.closed, { code: 0, stderr: '' });
  assert.equal(silentSink.outputs, { stdout: '', stderr: '' });
});

test('abort ends the whole group, and is idempotent', async () => {
  const connection = await localHost.spawn(
    script('trap "" TERM; sleep 1000 & echo $! >&4; sleep 1000 & wait'),
  );
  const sink = new Sink(connection);
  while (!sink.bytes.includes('\n')) await new Promise((resolve) => setTimeout(resolve, 5));
  const reason = new Error('enough');
  await Promise.all([connection.abort(reason), connection.abort(), connection.abort(new Error('later'))]);
  assert.equal(await connection.closed, { signal: 'SIGKILL', stderr: '', error: reason });
  assert.throws(() => process.kill(Number(connection.remoteAddress.slice(6)), 0), /ESRCH/);
  connection.write(Buffer.from('dropped'));
  await connection.drained();
  connection.end();
  assert.is(sink.ends.length, 1);
});

test('what outlives its interpreter in its group is ended with it', async () => {
  const connection = await localHost.spawn(script('sleep 1000 & echo $! >&4; exit 3'));
  const sink = new Sink(connection);
  assert.is((await connection.closed).code, 3);
  await connection.abort();
  const pid = Number(sink.bytes.toString());
  assert.ok(pid > 0);
  let state = 'gone';
  try {
    const { readFileSync } = await import('node:fs');
    state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  } catch {
    // it is
  }
  assert.ok(state === 'gone' || state === 'Z', state);
});

test('stdio=ignore drops what is printed, stderr included', async () => {
  const connection = await localHost.spawn(script('echo out; echo err >&2; echo data >&4'), {
    stdio: 'ignore',
  });
  const sink = new Sink(connection);
  assert.equal(await connection.closed, { code: 0, stderr: '' });
  assert.equal(sink.outputs, { stdout: '', stderr: '' });
  assert.is(sink.bytes.toString(), 'data\n');
});

test('a command that can not be started fails with the reason', async () => {
  const aborted = AbortSignal.abort(new Error('not now'));
  assert.is((await failureOf(localHost.spawn(script(''), { signal: aborted }))).message, 'not now');
  for (const [file, code] of [
    ['/nowhere', 'ERR_EXECNET_INTERPRETER_NOT_FOUND'],
    ['no-such-program', 'ERR_EXECNET_INTERPRETER_NOT_FOUND'],
    ['/', 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE'],
  ] as const) {
    const error = await failureOf(localHost.spawn({ ...script(''), file }));
    assert.ok(hasCode(error, code), error.message);
  }
  const chdir = await failureOf(localHost.spawn({ ...script(''), cwd: '/dev/null/below' }));
  assert.ok(hasCode(chdir, 'ERR_EXECNET_CHDIR'), chdir.message);
});

test('environment, folder and niceness are those of the command', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'local-host-'));
  try {
    const connection = await localHost.spawn({
      ...script('echo "$NAME in $PWD"; nice'),
      env: { NAME: 'a value' },
      cwd: join(folder, 'made', 'here'),
      nice: 3,
    });
    const sink = new Sink(connection);
    assert.is((await connection.closed).code, 0);
    const [said, niceness] = sink.outputs.stdout.split('\n');
    assert.is(said, `a value in ${join(folder, 'made', 'here')}`);
    const { getPriority } = await import('node:os');
    assert.is(Number(niceness), Math.min(19, getPriority() + 3));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// --- dial

async function listening(handle: (socket: Socket) => void, path?: string): Promise<[Server, Address]> {
  const server = createServer({ allowHalfOpen: true }, handle);
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') return [server, { path: String(address) }];
  return [server, { host: '127.0.0.1', port: address.port }];
}

for (const kind of ['tcp', 'unix'] as const) {
  test(`a stream to an address carries bytes both ways: ${kind}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'local-host-'));
    const [server, address] = await listening(
      (socket) => socket.pipe(socket),
      kind === 'unix' ? join(folder, 'socket') : undefined,
    );
    try {
      const connection = await localHost.dial(address);
      const sink = new Sink(connection);
      const bytes = Buffer.alloc(1_000_000, 'xyz');
      connection.write(bytes);
      connection.end();
      await sink.ended;
      assert.ok(sink.bytes.equals(bytes));
      assert.equal(await connection.closed, { stderr: '' });
      await connection.abort();
      const other = await localHost.dial(address);
      new Sink(other);
      const reason = new Error('enough');
      await other.abort(reason);
      assert.is((await other.closed).error, reason);
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
}

test('an address where nobody is fails with the reason', async () => {
  const [server, address] = await listening(() => {});
  await new Promise((resolve) => server.close(resolve));
  const refused = await failureOf(localHost.dial(address));
  assert.ok(hasCode(refused, 'ERR_EXECNET_REFUSED'), refused.message);
  const missing = await failureOf(localHost.dial({ path: '/nowhere/socket' }));
  assert.ok(hasCode(missing, 'ERR_EXECNET_REFUSED'), missing.message);
  const aborted = await failureOf(localHost.dial(address, { signal: AbortSignal.abort(new Error('no')) }));
  assert.is(aborted.message, 'no');
});

function collect(): void {
  const { Bun } = globalThis as { Bun?: { gc(force: true): void } };
  if (Bun) Bun.gc(true);
  else {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }
}

test('nothing is kept of processes that have ended', async () => {
  const COUNT = 10;
  const used: WeakRef<Connection>[] = [];
  const use = async (): Promise<void> => {
    const connection = await localHost.spawn({ ...script('cat'), descriptors: { input: 0, output: 1 } });
    const sink = new Sink(connection);
    connection.write(Buffer.from('kept by nobody'));
    connection.end();
    await sink.ended;
    await connection.closed;
    used.push(new WeakRef(connection));
  };
  for (let n = 0; n < COUNT; n++) await use();
  const kept = (): number => used.filter((one) => one.deref() !== undefined).length;
  // a stack may still hold the last ones
  for (let looks = 0; kept() > COUNT / 2 && looks < 500; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  assert.ok(kept() <= COUNT / 2, `${kept()} of ${COUNT} are kept`);
});

test.run();
