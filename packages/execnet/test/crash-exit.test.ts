import { type Channel, ConnectionLostError, type Gateway, Group, RemoteError } from 'execnet';
import * as assert from 'uvu/assert';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { isA } from './fixtures/is-a.ts';
import { isRunning } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** The issue says 100 ms; the exact figure is the benchmark's, this leaves room for a busy machine. */
const PROMPTLY = 1000;

const OCCUPY = {
  'on the main thread': () => {},
  'on a pool thread': async (gateway: Gateway) => {
    gateway.remoteExec('await channel.receive()');
    await gateway.remoteStatus();
  },
  'on a pool thread while the main thread spins': async (gateway: Gateway) => {
    await gateway
      .remoteExec((channel) => {
        channel.sendSync('spinning');
        for (;;);
      })
      .receive();
  },
};

/** What ends the remote end, and what its channel and its gateway are to be told. */
interface Ending {
  readonly run: string;
  readonly code?: number;
  readonly signal?: string;
  /** The message of the error that the channel gets, and stderr too. */
  readonly thrown?: string;
  /** Also tried while the main thread spins. */
  readonly spinning?: true;
}

const ENDINGS: Record<string, Ending> = {
  'process.exit(3)': { run: 'process.exit(3)', code: 3, spinning: true },
  'process.exit() with an exitCode': { run: 'process.exitCode = 4; process.exit()', code: 4 },
  'an uncaught throw': {
    run: 'setTimeout(() => { throw new RangeError("thrown in a timer") }, 1); await channel.receive()',
    code: 1,
    thrown: 'thrown in a timer',
    spinning: true,
  },
  'an unhandled rejection': {
    run: 'setTimeout(() => { Promise.reject(new RangeError("rejected")) }, 1); await channel.receive()',
    code: 1,
    thrown: 'rejected',
  },
  'process.abort()': { run: 'process.abort()', signal: 'SIGABRT', spinning: true },
  'process.kill(process.pid)': {
    run: 'process.kill(process.pid); await channel.receive()',
    signal: 'SIGTERM',
  },
};

async function failureOf(wait: Promise<unknown>): Promise<unknown> {
  try {
    return new Error(`resolved with ${String(await wait)}`);
  } catch (error) {
    return error;
  }
}

for (const interpreter of ownRemoteEnds) {
  for (const [where, occupy] of Object.entries(OCCUPY)) {
    for (const [what, { run, code, signal, thrown, spinning }] of Object.entries(ENDINGS)) {
      if (where.endsWith('spins') && !spinning) continue;
      interpreter.test(`${what} ${where} ends the remote end and is told`, async () => {
        await using group = new Group();
        const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
        await occupy(gateway);
        const channel: Channel = gateway.remoteExec(`channel.sendSync("about to end"); ${run}`);
        assert.is(await channel.receive(), 'about to end');
        const start = performance.now();
        const error = await failureOf(channel.receive());
        await gateway.join();
        assert.ok(performance.now() - start < PROMPTLY, `${performance.now() - start} ms`);
        assert.not(isRunning(gateway.peer.pid));

        const lost = await failureOf(gateway.remoteStatus());
        isA(lost, ConnectionLostError);
        assert.is(lost.exitCode, code);
        assert.is(lost.signal, signal);
        assert.match(lost.message, signal ?? `code ${code}`);
        if (thrown === undefined) {
          assert.is(error, lost);
          return;
        }
        isA(error, RemoteError);
        assert.is(error.remoteName, 'RangeError');
        assert.is(error.message, `RangeError: ${thrown}`);
        assert.match(lost.stderr ?? '', thrown);
      });
    }
  }

  interpreter.test(
    'a handler that remote code installs takes precedence over the end of the process',
    async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
      const channel = gateway.remoteExec<string, never>(async (channel) => {
        const told = new Promise<string>((resolve) => {
          process.once('uncaughtException', (error) => resolve(error.message));
        });
        setTimeout(() => {
          throw new Error('for the handler');
        }, 1);
        await channel.send(await told);
      });
      assert.is(await channel.receive(), 'for the handler');
      assert.is(await gateway.call(() => 1), 1);
    },
  );

  interpreter.test('what was sent before process.exit() arrives', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
    for (const [where, occupy] of Object.entries(OCCUPY).slice(0, 2)) {
      const other = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
      await occupy(other);
      const channel = other.remoteExec('channel.send("first"); channel.send("second"); process.exit(0)');
      assert.is(await channel.receive(), 'first', where);
      assert.is(await channel.receive(), 'second', where);
      const lost = await failureOf(channel.receive());
      isA(lost, ConnectionLostError);
      assert.is(lost.exitCode, 0, where);
    }
    assert.is(await gateway.call(() => 1), 1);
  });
}

test.run();
