import { ConnectionLostError, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { isA } from './fixtures/is-a.ts';
import { stillRunning, stop } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** The issue says 100 ms; the exact figure is the benchmark's, this leaves room for a busy machine. */
const PROMPTLY = 1000;

/** What a wait rejected with, and how long after `start`. */
async function failure(
  wait: Promise<unknown>,
  start: () => number,
): Promise<{ error: unknown; after: number }> {
  try {
    const value = await wait;
    return { error: new Error(`it resolved, with ${String(value)}`), after: 0 };
  } catch (error) {
    return { error, after: performance.now() - start() };
  }
}

for (const interpreter of sharedEnds) {
  interpreter.test(
    'SIGKILL in the middle of a stream settles every wait with signal and stderr',
    async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
      const { pid } = gateway.peer;
      const stream = gateway.remoteExec(async (channel) => {
        console.error('these are my last words');
        for (let n = 0; ; n++) await channel.send(n);
      });
      // a thread each: none of these ever ends
      const silent = gateway.remoteExec('await new Promise(() => {})');
      const deaf = gateway.remoteExec('await new Promise(() => {})');
      for (let n = 0; n < 1000; n++) assert.is(await stream.receive(), n);
      let ended = false;
      const withCallback = gateway.remoteExec<number, never>('await new Promise(() => {})');
      withCallback.setCallback(() => {}, { endMarker: undefined });
      withCallback.waitClose().then(
        () => {},
        () => {
          ended = true;
        },
      );

      // stopped, it answers nothing more: whatever is asked now waits until it is killed
      stop(pid);
      let killed = 0;
      const start = (): number => killed;
      const iterate = async (): Promise<void> => {
        for await (const item of stream) assert.type(item, 'number');
      };
      const block = async (): Promise<void> => {
        for (;;) await deaf.send('x'.repeat(4096));
      };
      const waits = {
        iteration: failure(iterate(), start),
        receive: failure(silent.receive(), start),
        'receive with a timeout': failure(silent.receive({ timeout: 60_000 }), start),
        waitClose: failure(silent.waitClose(), start),
        'blocked send': failure(block(), start),
        'large send': failure(gateway.newChannel().send(new Uint8Array(1 << 20)), start),
        call: failure(
          gateway.call(() => 1),
          start,
        ),
        remoteStatus: failure(gateway.remoteStatus(), start),
        remoteInfo: failure(gateway.remoteInfo(), start),
      };
      const joined = gateway.join().then(() => performance.now() - killed);
      // everything is on its way or waits
      await new Promise((resolve) => setImmediate(resolve));

      killed = performance.now();
      process.kill(pid, 'SIGKILL');
      for (const [what, wait] of Object.entries(waits)) {
        const { error, after } = await wait;
        isA(error, ConnectionLostError, `${what}: ${String(error)}`);
        assert.is(error.signal, 'SIGKILL', what);
        assert.is(error.exitCode, undefined, what);
        assert.match(error.stderr ?? '', 'these are my last words', what);
        assert.match(error.message, /SIGKILL[\s\S]*these are my last words/, what);
        assert.ok(after < PROMPTLY, `${what} took ${after} ms`);
      }
      assert.ok((await joined) < PROMPTLY);
      assert.ok(ended);
      assert.not(gateway.hasReceiver);
      assert.is(group.size, 0);
      for (const later of [
        () => gateway.remoteExec('1'),
        () => gateway.newChannel(),
        () => gateway.reconfigure({}),
      ])
        assert.throws(later, (error: unknown) => error instanceof ConnectionLostError);
      for (const later of [gateway.remoteStatus(), gateway.call(() => 1), silent.send(1), silent.receive()]) {
        isA((await failure(later, start)).error, ConnectionLostError);
      }
      assert.equal(await stillRunning([pid], 0), []);
    },
  );

  interpreter.test('what was sent before a SIGKILL is received before the loss is told', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
    const channel = gateway.remoteExec((channel) => {
      for (let n = 0; n < 100; n++) channel.sendSync(n);
      process.kill(process.pid, 'SIGKILL');
    });
    await gateway.join();
    for (let n = 0; n < 100; n++) assert.is(await channel.receive(), n);
    const { error } = await failure(channel.receive(), () => 0);
    isA(error, ConnectionLostError);
    assert.is(error.signal, 'SIGKILL');
  });

  interpreter.test('children of a killed remote end are ended with it', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
    const children = await gateway.call(async () => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const child = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [grandchild] = await new Promise<[Buffer]>((resolve) =>
        child.stdout.once('data', (data) => resolve([data])),
      );
      return [child.pid as number, Number(String(grandchild))];
    });
    process.kill(gateway.peer.pid, 'SIGKILL');
    await gateway.join();
    assert.equal(await stillRunning(children, PROMPTLY), []);
  });
}

test.run();
