import { type Channel, ConnectionLostError, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { BareRemoteEnd } from './fixtures/bare-remote-end.ts';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { isA } from './fixtures/is-a.ts';
import { CODE, frame } from './fixtures/mutations.mjs';
import { isRunning, stillRunning, stop } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** Milliseconds; so short that a busy machine may not miss three of them by itself. */
const INTERVAL = 800;

/** Three intervals, a second of grace for code, and a margin. */
const LIMIT = 6000;

for (const interpreter of ownRemoteEnds) {
  const spec = specOf(interpreter, `keepalive=${INTERVAL / 1000}`, 'stdio=ignore');

  interpreter.test('a remote end that falls silent is noticed, and what waits for it rejects', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(spec);
    const channel = gateway.remoteExec(`${CHILDREN} channel.receiveSync()`);
    const children = (await channel.receive()) as number[];
    const pending = [
      failureOf(channel.receive()),
      failureOf(gateway.call(() => new Promise(() => {}))),
      failureOf(gateway.remoteStatus()),
    ];
    stop(gateway.peer.pid);
    for (const error of await Promise.all(pending)) {
      isA(error, ConnectionLostError);
      assert.is((error.cause as { code?: string }).code, 'ERR_EXECNET_LEASE');
      assert.match(error.message, /nothing was heard of it for 2\.4 s \(keepalive=0\.8\)/);
    }
    assert.is(group.size, 0);
    await gateway.terminate();
    assert.equal([gateway.peer.pid, ...children].filter(isRunning), []);
  });

  interpreter.test(
    'a local end that falls silent is noticed, by one that was never used and by one that spins',
    async () => {
      await using idle = await BareRemoteEnd.boot(interpreter, { lease: INTERVAL });
      await using group = new Group();
      const gateway = await group.makeGateway(spec);
      const channel = gateway.remoteExec(`${CHILDREN} for (;;);`);
      const pids = [gateway.peer.pid, ...((await channel.receive()) as number[])];
      await idle.exited;
      // now this program: it does nothing else for longer than the lease
      const end = performance.now() + LIMIT;
      while (performance.now() < end && pids.some(isRunning));
      assert.equal(await stillRunning(pids, 0), []);
      isA(await failureOf(channel.waitClose()), ConnectionLostError);
    },
  );

  interpreter.test('pings keep both alive, whatever the code does', async () => {
    await using bare = await BareRemoteEnd.boot(interpreter, { lease: INTERVAL });
    await using group = new Group();
    const [idle, busy] = [await group.makeGateway(spec), await group.makeGateway(spec)];
    const channel = busy.remoteExec((channel: Channel<never, number>) => {
      channel.sendSync(0);
      for (;;);
    });
    await channel.receive();
    for (let i = 1; i <= 10; i++) {
      bare.input.write(frame(CODE.PING, 0, Uint8Array.of(i)));
      await new Promise((resolve) => setTimeout(resolve, INTERVAL / 2));
    }
    assert.ok(bare.running);
    assert.ok(bare.payload(CODE.PONG, 0));
    assert.is(await idle.call(() => 'alive'), 'alive');
    assert.is((await busy.remoteStatus()).numExecuting, 1);
    await group.terminate({ timeout: 0 });
  });
}

test('without keepalive= a local gateway holds no lease', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen');
  stop(gateway.peer.pid);
  const silent = await Promise.race([
    failureOf(gateway.remoteStatus()),
    new Promise((resolve) => setTimeout(resolve, 3 * INTERVAL, 'silent')),
  ]);
  assert.is(silent, 'silent');
  process.kill(gateway.peer.pid, 'SIGCONT');
});

test.run();
