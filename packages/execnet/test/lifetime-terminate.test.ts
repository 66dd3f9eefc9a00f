import { appendFileSync, writeFileSync } from 'node:fs';
import type { Connection, Transport } from '@execnet/core/plugin';
import {
  type Channel,
  ConnectionLostError,
  type Gateway,
  Group,
  popen,
  Registry,
  TimeoutError,
  thread,
} from 'execnet';
import * as assert from 'uvu/assert';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { isA } from './fixtures/is-a.ts';
import { Marker } from './fixtures/marker.ts';
import { isRunning, stillRunning, stop } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** popen, and the connections that it makes. */
function popenInto(connections: Connection[]): Transport {
  const transport = popen();
  return {
    ...transport,
    async connect(spec, context) {
      const connection = await transport.connect(spec, context);
      connections.push(connection);
      return connection;
    },
  };
}

/** Code that waits, and writes to `file` why that ended, and that it cleaned up. */
const waiting = (wait: string, file: string): string => `
  const write = (text) => require('node:fs').appendFileSync(${JSON.stringify(file)}, text);
  let why = '';
  channel.sendSync('ready');
  try { ${wait} } catch (error) { why = error.name }
  finally {
    // long enough for another thread to come in between
    await new Promise((resolve) => setTimeout(resolve, 20));
    write(why + ' finally ');
  }`;

/** Runs `code` on the main thread, or with `busy` on a pool thread; waits for its first item. */
async function begin<T>(
  gateway: Gateway,
  code: string,
  busy?: string,
): Promise<{ channel: Channel; item: T }> {
  if (busy !== undefined) await gateway.remoteExec(`channel.sendSync(0); ${busy}`).receive();
  const channel = gateway.remoteExec(code);
  return { channel, item: (await channel.receive()) as T };
}

for (const interpreter of ownRemoteEnds) {
  const make = (group: Group): Promise<Gateway> => group.makeGateway(specOf(interpreter, 'stdio=ignore'));

  interpreter.test('what waits when a gateway is terminated rejects, and its cause says so', async () => {
    for (const end of ['terminate', 'exit'] as const) {
      await using group = new Group();
      const gateway = await make(group);
      const pending = failureOf(gateway.call(() => new Promise(() => {})));
      await gateway[end]();
      const lost = await pending;
      isA(lost, ConnectionLostError);
      assert.is((lost.cause as { code?: string }).code, 'ERR_EXECNET_TERMINATED');
      assert.match(lost.message, `${gateway.id} (${gateway.remoteAddress}): `);
      assert.match(lost.message, `: ${end}() was called`);
    }
  });

  interpreter.test('while the main thread spins, status is answered and terminate is bounded', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const { channel, item: children } = await begin<number[]>(gateway, `${CHILDREN} for (;;);`);
    assert.equal(await gateway.remoteStatus(), {
      numChannels: 1,
      numExecuting: 1,
      numQueued: 0,
      execmodel: 'thread',
    });
    assert.is((await gateway.remoteInfo()).pid, gateway.peer.pid);
    assert.is(await gateway.call(() => 'a pool thread goes on'), 'a pool thread goes on');
    const start = performance.now();
    await gateway.terminate({ timeout: 500 });
    const took = performance.now() - start;
    assert.ok(took >= 500, `code has its grace: ${took} ms`);
    // 1.5 s is the promise; a busy machine gets a margin
    assert.ok(took < 3000, `${took} ms`);
    assert.equal(
      [gateway.peer.pid, ...children].filter(isRunning),
      [],
      'nothing is left when terminate resolves',
    );
    assert.instance(await failureOf(channel.receive()), ConnectionLostError);
    assert.is(group.size, 0);
  });

  interpreter.test('terminate ends what spins on a pool thread', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const { item } = await begin<number[]>(gateway, `${CHILDREN} for (;;);`, 'await channel.receive()');
    await gateway.terminate({ timeout: 0 });
    assert.equal([gateway.peer.pid, ...item].filter(isRunning), []);
  });

  for (const [how, wait] of [
    ['receiveSync', 'channel.receiveSync()'],
    ['sendSync', 'for (;;) channel.sendSync("x".repeat(1000))'],
    ['receive', 'await channel.receive()'],
    ['send', 'for (;;) await channel.send("x".repeat(1000))'],
  ] as const) {
    interpreter.test(`finally runs at terminate in code that waits in ${how}`, async () => {
      using marker = new Marker();
      await using group = new Group();
      const gateway = await make(group);
      const code = waiting(wait, marker.file);
      const onMainThread = await begin(gateway, code);
      const onPoolThread = await begin(gateway, code);
      await gateway.terminate();
      assert.is(marker.text, 'CancelledError finally '.repeat(2));
      assert.not(isRunning(gateway.peer.pid));
      for (const { channel } of [onMainThread, onPoolThread]) assert.ok(channel.isClosed);
    });
  }

  interpreter.test('finally runs when the connection is lost', async () => {
    using marker = new Marker();
    const connections: Connection[] = [];
    await using group = new Group({ registry: new Registry([popenInto(connections), thread()]) });
    const gateway = await make(group);
    const code = waiting('channel.receiveSync()', marker.file);
    const onMainThread = await begin(gateway, code);
    const onPoolThread = await begin(gateway, code);
    // what the remote end reads ends, as if the local program were gone
    connections[0]?.end();
    await gateway.join();
    assert.is(marker.text, 'ConnectionLostError finally '.repeat(2));
    for (const { channel } of [onMainThread, onPoolThread]) assert.ok(channel.isClosed);
  });

  interpreter.test(
    'exit handlers of remote code run at terminate, and what they print and send arrives',
    async () => {
      using marker = new Marker();
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
      let printed = '';
      gateway.stdout?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      await gateway.call((file) => {
        const { appendFileSync } = require('node:fs') as typeof import('node:fs');
        process.on('exit', (code) => {
          const until = Date.now() + 200;
          while (Date.now() < until);
          console.log('printed at the exit');
          appendFileSync(file, `exit ${code}`);
        });
      }, marker.file);
      await gateway.terminate();
      assert.is(marker.text, 'exit 0');
      assert.is(printed, 'printed at the exit\n');
    },
  );

  interpreter.test('a remote end that was never used terminates at once', async () => {
    await using group = new Group();
    const gateway = await make(group);
    await gateway.terminate({ timeout: 60_000 });
    assert.not(isRunning(gateway.peer.pid));
    const lost = await failureOf(gateway.remoteStatus());
    assert.instance(lost, ConnectionLostError);
    assert.is((lost as ConnectionLostError).exitCode, 0);
  });

  interpreter.test('terminate is idempotent, and takes down what does not react', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const { item: children } = await begin<number[]>(gateway, CHILDREN);
    // stopped, it does nothing at all
    process.kill(gateway.peer.pid, 'SIGSTOP');
    const first = gateway.terminate({ timeout: 50 });
    assert.is(gateway.terminate({ timeout: 60_000 }), first, 'the first call decides');
    await Promise.all([first, gateway.terminate(), group.terminate(), gateway[Symbol.asyncDispose]()]);
    assert.equal([gateway.peer.pid, ...children].filter(isRunning), []);
    await gateway.terminate();
    gateway.exit();
    await gateway.join();
    gateway.kill();
  });

  interpreter.test('exit() asks and join() waits', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const { channel } = await begin(
      gateway,
      'channel.sendSync(1); try { channel.receiveSync() } finally { channel.sendSync("bye") }',
    );
    assert.instance(await failureOf(gateway.join({ timeout: 20 })), TimeoutError);
    const reason = new Error('enough');
    assert.is(await failureOf(gateway.join({ signal: AbortSignal.abort(reason) })), reason);
    assert.ok(gateway.hasReceiver);
    gateway.exit();
    gateway.exit();
    await gateway.join();
    assert.not(gateway.hasReceiver);
    assert.is(await channel.receive(), 'bye');
    assert.equal(await stillRunning([gateway.peer.pid], 0), []);
  });

  interpreter.test('a wait for an end that does not answer names the call, and its place', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const channel = gateway.newChannel();
    stop(gateway.peer.pid);
    const options = { timeout: 20 };
    const place = `${gateway.id} (${gateway.remoteAddress})`;
    for (const [what, wait] of [
      ['remoteStatus() on', () => gateway.remoteStatus(options)],
      ['remoteInfo() on', () => gateway.remoteInfo(options)],
      ['join() on', () => gateway.join(options)],
      ['a call on', () => gateway.call(() => 42, undefined, options)],
      [`receive() on channel ${channel.id} of`, () => channel.receive(options)],
      [`waitClose() on channel ${channel.id} of`, () => channel.waitClose(options)],
    ] as const) {
      const error = await failureOf((async () => await wait())());
      assert.instance(error, TimeoutError);
      assert.is(error.message, `${what} ${place} took longer than 20 ms`);
      // JavaScriptCore does not know who awaits
      if (!('bun' in process.versions)) assert.match(error.stack as string, 'lifetime-terminate.test');
    }
    process.kill(gateway.peer.pid, 'SIGCONT');
    assert.is(await gateway.call(() => 42), 42);
  });

  interpreter.test('a group terminates in parallel', async () => {
    const group = new Group();
    const gateways = await group.makeGateways([1, 2, 3].map(() => specOf(interpreter, 'stdio=ignore')));
    const started = await Promise.all(
      gateways.map((gateway) => begin<number[]>(gateway, `${CHILDREN} channel.receiveSync(); for (;;);`)),
    );
    // none ends before all have heard that they are to
    using marker = new Marker();
    writeFileSync(marker.file, '');
    const file = JSON.stringify(marker.file);
    const channels = gateways.map((gateway) =>
      gateway.remoteExec(`
        const fs = require('node:fs');
        channel.sendSync(1);
        try { channel.receiveSync() } catch { fs.appendFileSync(${file}, 'told ') }
        while (!fs.readFileSync(${file}, 'utf8').includes('go'));
      `),
    );
    await Promise.all(channels.map((channel) => channel.receive()));
    const pids = gateways.map(({ peer }) => peer.pid);
    const over = group.terminate({ timeout: 30_000 });
    while (marker.text !== 'told told told ') await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(pids.filter(isRunning), pids);
    appendFileSync(marker.file, 'go');
    await over;
    assert.equal([...pids, ...started.flatMap(({ item }) => item)].filter(isRunning), []);
    assert.is(group.size, 0);
    const again = await make(group);
    assert.is(await again.call(() => 1), 1, 'a terminated group can be used again');
    await group.terminate();
  });
}

test.run();
