import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, ConnectionSink, Exit } from '@execnet/core/plugin';
import { type Channel, ConnectionLostError, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { type Interpreter, runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { NEVER_YIELDS } from './fixtures/busy.mjs';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { leanSpecOf, sharedEnds, specOf } from './fixtures/interpreters.ts';
import { isA } from './fixtures/is-a.ts';
import { peakRises } from './fixtures/memory.mjs';
import { childrenOf, isRunning, stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { assertOneThreadServes } from './fixtures/service-thread.ts';
import { assertStartFailures } from './fixtures/start-failures.ts';
import { test } from './fixtures/tests.ts';

/** The promise is 2 s; interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

/** Windows of 2 MiB, and the garbage of 20 MB that pass afterwards, of which Bun can't be told to keep little. In MiB. */
const STALLED = 24;

/** A middle gateway of that kind, and one through it on the interpreter that runs this. */
async function pair(group: Group, middle: Interpreter, ...fields: string[]): Promise<[Gateway, Gateway]> {
  const outer = await group.makeGateway(specOf(middle, 'id=middle', 'stdio=ignore', ...fields));
  const inner = await group.makeGateway(
    specOf(runningInterpreter(), 'via=middle', 'id=leaf', 'stdio=ignore'),
  );
  return [outer, inner];
}

const spin = (channel: Channel<never, string>): void => {
  channel.sendSync('spinning');
  for (;;);
};

/** What a connection delivers. */
class Recorder implements ConnectionSink {
  readonly ended: Promise<Error | undefined>;
  text = '';
  #settle!: (reason: Error | undefined) => void;
  #look = (): void => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  data(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString();
    this.#look();
  }

  output(): void {}

  end(reason?: Error): void {
    this.#settle(reason);
  }

  async has(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

for (const middle of sharedEnds) {
  middle.test('it runs beside the middle gateway, as its spec says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'via '));
    const group = new Group();
    try {
      const outer = await group.makeGateway(specOf(middle, 'id=middle', 'env:OUTER=1'));
      const inner = await group.makeGateway({
        popen: true,
        via: 'middle',
        chdir: join(folder, 'a\nb'),
        nice: 3,
        env: { INNER: "it's\n2" },
      });
      const { ppid, ...told } = await inner.call(() => ({
        ppid: process.ppid,
        cwd: process.cwd(),
        nice: require('node:os').getPriority(0) as number,
        outer: process.env['OUTER'],
        inner: process.env['INNER'],
      }));
      assert.equal(told, {
        cwd: join(folder, 'a\nb'),
        nice: Math.min(19, getPriority() + 3),
        outer: '1',
        inner: "it's\n2",
      });
      assert.is(ppid, outer.peer.pid);
      // without a field: the interpreter that the middle runs on
      assert.is(inner.peer.executable, outer.peer.executable);
      assert.is(inner.remoteAddress, `popen:${inner.peer.pid} via middle`);
    } finally {
      await group.terminate();
      rmSync(folder, { recursive: true });
    }
  });

  middle.test(
    'one thread of the middle serves all that goes through it, its processes and ports',
    async () => {
      await using group = new Group();
      const outer = await group.makeGateway(specOf(middle, 'id=middle', 'stdio=ignore'));
      const leaf = specOf(runningInterpreter(), 'via=middle', 'stdio=ignore');
      await assertOneThreadServes(outer, () => group.makeGateway(leaf));
    },
  );

  middle.test('it is made, works and ends while user code spins in the middle', async () => {
    await using group = new Group();
    const outer = await group.makeGateway(
      specOf(middle, 'id=middle', 'execmodel=main_thread_only', 'stdio=ignore'),
    );
    assert.is(await outer.remoteExec(spin).receive(), 'spinning');
    const inner = await group.makeGateway(specOf(runningInterpreter(), 'via=middle'));
    const echo = inner.remoteExec(async (channel: Channel<string, string>) => {
      for await (const item of channel) await channel.send(item);
    });
    const large = 'x'.repeat(3_000_000);
    for (const item of ['a', '', large]) {
      await echo.send(item);
      assert.is(await echo.receive(), item);
    }
    // the relay is no execution, and its channels are none of the user's
    const { numExecuting, numChannels } = await outer.remoteStatus();
    assert.equal([numExecuting, numChannels], [1, 1]);
    await inner.terminate();
    assert.not(isRunning(inner.peer.pid));
    assert.is((await outer.remoteStatus()).numExecuting, 1);
    await outer.terminate({ timeout: 0 });
  });

  middle.test('when the middle is killed, that is the reason, and the far side is gone', async () => {
    await using group = new Group();
    const [outer, inner] = await pair(group, middle);
    const channel = inner.remoteExec(`${CHILDREN} ${NEVER_YIELDS}`);
    const pids = [inner.peer.pid, ...((await channel.receive()) as number[])];
    const pending = failureOf(channel.receive());
    process.kill(outer.peer.pid, 'SIGKILL');
    const error = await pending;
    isA(error, ConnectionLostError);
    assert.match(error.message, /^leaf \(.*middle \(.*\): its remote end was ended by SIGKILL/);
    isA(error.cause, ConnectionLostError);
    assert.equal(await stillRunning(pids, LIMIT), []);
    await inner.join();
    assert.is(group.size, 0);
  });

  middle.test('terminating the middle takes the tree down from its leaves', async () => {
    await using group = new Group();
    const [outer, inner] = await pair(group, middle);
    const leafmost = await group.makeGateway('popen//via=leaf//stdio=ignore');
    const ends: string[] = [];
    for (const gateway of [outer, inner, leafmost]) gateway.whenEnded(() => ends.push(gateway.id));
    const channel = leafmost.remoteExec(`${CHILDREN}
      try { channel.receiveSync() } finally { channel.sendSync('cleaned up') }`);
    const children = (await channel.receive()) as number[];
    const last = channel.receive();
    await outer.terminate();
    assert.is(await last, 'cleaned up');
    assert.equal(ends, [leafmost.id, 'leaf', 'middle']);
    assert.equal(
      [...children, ...[outer, inner, leafmost].map(({ peer }) => peer.pid)].filter(isRunning),
      [],
    );
  });

  middle.test(`a program that can't be started is told as it would be here, with the place`, async () => {
    await using group = new Group();
    await group.makeGateway(specOf(middle, 'id=middle'));
    await assertStartFailures(group, 'node');
    // nothing of that is left, and the next one finds a relay that works
    const inner = await group.makeGateway('popen//via=middle');
    assert.is(await inner.call(() => 1), 1);
  });

  middle.test('what is given up while it starts leaves nothing', async () => {
    await using group = new Group();
    const outer = await group.makeGateway(specOf(middle, 'id=middle'));
    // the relay is up, and so is whatever it needs
    await (await group.makeGateway('popen//via=middle')).terminate();
    const before = childrenOf(outer.peer.pid);
    const error = await failureOf(
      group.makeGateway('popen//via=middle//node=sh -c "sleep 1000"', { timeout: 300 }),
    );
    assert.is(error.code, 'ERR_EXECNET_CONNECT_TIMEOUT');
    assert.equal(childrenOf(outer.peer.pid), before);
    const aborted = AbortSignal.abort(new Error('no longer'));
    assert.is(
      (await failureOf(group.makeGateway('popen//via=middle', { signal: aborted }))).message,
      'no longer',
    );
  });

  middle.test('after SIGKILL of the local process nothing is left, whatever spins', async () => {
    await using program = startProgram('nested.mjs', [
      specOf(middle, 'stdio=ignore'),
      specOf(runningInterpreter(), 'stdio=ignore'),
    ]);
    const pids = await program.said<number[]>();
    assert.is(pids.length, 7);
    assert.equal(pids.filter(isRunning), pids);
    program.child.kill('SIGKILL');
    await program.ended;
    assert.equal(await stillRunning(pids, LIMIT), []);
  });

  middle.test('addresses are dialled from there, and both directions end apart', async () => {
    await using group = new Group();
    const { host } = await group.makeGateway(specOf(middle, 'id=middle'));
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('end', () => socket.end(`heard ${heard}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const connection: Connection = await host.dial({ host: '127.0.0.1', port });
      const sink = new Recorder();
      connection.start(sink);
      connection.write(Buffer.from('all of it'));
      connection.end();
      assert.is(await sink.ended, undefined);
      assert.is(sink.text, 'heard all of it');
      const exit: Exit = await connection.closed;
      assert.equal(exit, { stderr: '' });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    const refused = await failureOf(host.dial({ host: '127.0.0.1', port }));
    assert.is(refused.code, 'ERR_EXECNET_REFUSED');
    assert.match(refused.message, /^middle \(popen:\d+\): /);
    assert.is(
      (await failureOf(host.dial({ host: 'no.such.host.invalid', port: 1 }))).code,
      'ERR_EXECNET_HOST_NOT_FOUND',
    );
    assert.is((await failureOf(host.dial({ path: '/nowhere' }))).code, 'ERR_EXECNET_REFUSED');
  });

  middle.test('a reader that stalls takes no memory in the middle, and stalls nobody else', async () => {
    await using group = new Group();
    const outer = await group.makeGateway(leanSpecOf(middle, 'id=middle'));
    const { host } = outer;
    const connect = (script: string): Promise<Connection> =>
      host.spawn({ file: 'sh', args: ['-c', script], env: {}, descriptors: { input: 0, output: 1 } });
    // the relay and all it loads come first
    const first = await connect('cat');
    const echo = new Recorder();
    first.start(echo);
    first.write(Buffer.from('one'));
    await echo.has('one');
    const flood = await connect('cat /dev/zero');
    const [rise] = await peakRises([outer.peer.pid], async () => {
      let arrived = 0;
      let stalling = true;
      await new Promise<void>((resolve) => {
        flood.start({
          data: (chunk) => {
            arrived += chunk.length;
            if (stalling && arrived > 1_000_000) {
              flood.pause();
              resolve();
            }
          },
          output: () => {},
          end: () => {},
        });
      });
      // what is under way still arrives; then nothing more, while the other goes on
      for (let before = -1; before !== arrived; ) {
        before = arrived;
        const word = `word${arrived} `;
        first.write(Buffer.from(word));
        await echo.has(word);
        await outer.call(() => new Promise((resolve) => setTimeout(resolve, 100)));
      }
      const before = arrived;
      stalling = false;
      flood.resume();
      while (arrived < before + 20_000_000)
        await outer.call(() => new Promise((resolve) => setTimeout(resolve, 20)));
    });
    assert.ok((rise as number) < STALLED, `${rise?.toFixed(1)} MiB`);
    await flood.abort();
    first.end();
    assert.is(await echo.ended, undefined);
    assert.is((await first.closed).code, 0);
  });

  middle.test('what a program wrote before it ended waits for a slow reader', async () => {
    await using group = new Group();
    const { host } = await group.makeGateway(specOf(middle, 'id=middle'));
    const size = 6_000_000;
    const connection = await host.spawn({
      file: 'sh',
      args: ['-c', `head -c ${size} /dev/zero; printf end`],
      env: {},
      descriptors: { input: 0, output: 1 },
    });
    const pid = Number(/popen:(\d+)/.exec(connection.remoteAddress)?.[1]);
    const sink = new Recorder();
    connection.start(sink);
    connection.pause();
    // longer than anything lingers that nobody reads
    await new Promise((resolve) => setTimeout(resolve, 1500));
    connection.resume();
    assert.is(await sink.ended, undefined);
    assert.is(sink.text.length, size + 3);
    assert.ok(sink.text.endsWith('end'));
    assert.is((await connection.closed).code, 0);
    assert.not(isRunning(pid));
  });

  middle.test('a middle that exits by itself takes its tree along', async () => {
    await using group = new Group();
    const [outer, inner] = await pair(group, middle);
    const channel = inner.remoteExec(`${CHILDREN} channel.receiveSync()`);
    const pids = [inner.peer.pid, ...((await channel.receive()) as number[])];
    outer.remoteExec(() => process.exit(3));
    await outer.join();
    assert.equal(await stillRunning(pids, LIMIT), []);
    isA(await failureOf(channel.receive()), ConnectionLostError);
  });
}

test('via= names a gateway of the group, which may still be made', async () => {
  await using group = new Group();
  const missing = await failureOf(group.makeGateway('popen//via=nobody'));
  assert.is(missing.code, 'ERR_EXECNET_SPEC');
  assert.match(missing.message, /via= names no gateway of this group; there are: none/);
  const [outer, inner] = await group.makeGateways(['popen//id=a', 'popen//via=a//id=b', 'popen//via=b']);
  assert.is(await (inner as Gateway).call(() => process.ppid), (outer as Gateway).peer.pid);
  assert.is(group.size, 3);
});

test('a gateway through one that failed to start fails with it', async () => {
  await using group = new Group();
  const outer = group.makeGateway('popen//id=a//node=/nowhere');
  const inner = group.makeGateway('popen//via=a');
  assert.is((await failureOf(outer)).code, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
  assert.is((await failureOf(inner)).code, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
});

test('Group.terminate takes down what is being made through its gateways', async () => {
  const group = new Group();
  const outer = await group.makeGateway('popen//id=middle');
  const making = failureOf(group.makeGateway('popen//via=middle//node=sh -c "sleep 1000"'));
  const children = async (): Promise<number[]> => {
    for (;;) {
      const found = childrenOf(outer.peer.pid);
      if (found.length > 0) return found;
      await outer.remoteStatus();
    }
  };
  const pids = await children();
  await group.terminate();
  assert.is((await making).code, 'ERR_EXECNET_TERMINATED');
  assert.equal(pids.filter(isRunning), []);
});

test('a program ends by itself with a gateway through another, and leaves nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'via-'));
  const file = join(folder, 'ended');
  try {
    await using program = startProgram('nested.mjs', ['popen', 'popen', file]);
    const pids = await program.said<number[]>();
    const { code } = await program.ended;
    assert.is(code, 0);
    assert.equal(pids.filter(isRunning), []);
    assert.ok(existsSync(file), 'remote code has cleaned up');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
