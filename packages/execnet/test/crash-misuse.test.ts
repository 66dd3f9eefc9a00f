import { ConnectionLostError, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

const PROMPTLY = 3000;

for (const interpreter of ownRemoteEnds) {
  const make = (group: Group, ...fields: string[]): Promise<Gateway> =>
    group.makeGateway(specOf(interpreter, 'stdio=ignore', ...fields));

  // Deno refuses descriptors that it did not open
  if (interpreter.kind !== 'deno') {
    interpreter.test(
      'remote code that writes to the connection itself loses it, and is told so',
      async () => {
        await using group = new Group();
        const gateway = await make(group);
        const other = gateway.remoteExec('await channel.receive()');
        const channel = gateway.remoteExec(
          'require("node:fs").writeSync(4, "no frame at all"); await new Promise(() => {})',
        );
        const lost = (await failureOf(channel.receive())) as ConnectionLostError;
        assert.instance(lost, ConnectionLostError);
        assert.match((lost.cause as Error).message, 'unknown code 110');
        assert.is(await failureOf(other.receive()), lost);
        await gateway.join();
        assert.equal(await stillRunning([gateway.peer.pid], 0), []);
      },
    );

    for (const fd of [3, 4]) {
      interpreter.test(`remote code that closes descriptor ${fd} of the connection is ended`, async () => {
        await using group = new Group();
        const gateway = await make(group);
        // the receiver thread is there, and reads
        await gateway.call(() => 1);
        const channel = gateway.remoteExec(
          `channel.sendSync(1); require("node:fs").closeSync(${fd}); await new Promise(() => {})`,
        );
        await channel.receive();
        if (fd === 4) assert.instance(await failureOf(channel.receive()), ConnectionLostError);
        await gateway.terminate({ timeout: 200 });
        assert.not(isRunning(gateway.peer.pid));
      });
    }
  }

  interpreter.test('an exit handler that never ends keeps nothing from ending', async () => {
    await using group = new Group();
    const gateway = await make(group);
    await gateway.call(() => {
      process.on('exit', () => {
        for (;;);
      });
    });
    const start = performance.now();
    await gateway.terminate({ timeout: 300 });
    assert.ok(performance.now() - start < PROMPTLY);
    assert.not(isRunning(gateway.peer.pid));
  });

  interpreter.test('code that waits in the kernel is ended with what it waits for', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const channel = gateway.remoteExec(`
      const { spawnSync } = require('node:child_process');
      channel.sendSync('waiting');
      spawnSync('sh', ['-c', 'echo $$ >&2; exec sleep 1000'], { stdio: ['ignore', 'ignore', 'inherit'] });`);
    await channel.receive();
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await gateway.terminate({ timeout: 200 });
    assert.not(isRunning(gateway.peer.pid));
  });

  interpreter.test('a callback that throws fails its channel and nothing else', async () => {
    await using group = new Group();
    const gateway = await make(group);
    const channel = gateway.remoteExec(`
      channel.setCallback(() => { throw new RangeError('in the callback') });
      await new Promise(() => {})`);
    await channel.send(1);
    const error = await failureOf(channel.receive());
    assert.is(error.message, 'RangeError: in the callback');
    assert.is(await gateway.call(() => 1), 1);
    await gateway.terminate({ timeout: 0 });
  });

  for (const thrown of ['null', '{ no: "error" }', 'Symbol("s")']) {
    interpreter.test(`whatever is thrown and not caught is told: ${thrown}`, async () => {
      await using group = new Group();
      const gateway = await make(group);
      const channel = gateway.remoteExec(
        `setTimeout(() => { throw ${thrown} }, 1); await new Promise(() => {})`,
      );
      assert.is((await failureOf(channel.receive())).code, 'ERR_EXECNET_REMOTE');
      await gateway.join();
      const lost = (await failureOf(gateway.remoteStatus())) as ConnectionLostError;
      assert.is(lost.exitCode, 1);
      assert.match(lost.stderr ?? '', 'Uncaught');
    });
  }

  if (interpreter.kind === 'node') {
    for (const where of ['main', 'pool']) {
      interpreter.test(
        `running out of memory is told with what the interpreter says, ${where} thread`,
        async () => {
          await using group = new Group();
          const gateway = await group.makeGateway(
            specOf({ ...interpreter, path: `${interpreter.path} --max-old-space-size=40` }, 'stdio=ignore'),
          );
          const busy = where === 'pool' ? gateway.remoteExec('await channel.receive()') : undefined;
          const channel = gateway.remoteExec(`
          const kept = [];
          for (let n = 0; n < 1e9; n++) kept.push({ n, more: [n] });`);
          const lost = (await failureOf(channel.receive())) as ConnectionLostError;
          assert.instance(lost, ConnectionLostError);
          assert.match(lost.stderr ?? '', /out of memory|OUT_OF_MEMORY/i);
          assert.ok(lost.signal === 'SIGABRT' || lost.exitCode === 1, lost.message);
          assert.not(busy !== undefined && !busy.isClosed);
        },
      );
    }
  }

  // docs/adr/0009: where the context of an error is known, and costs nothing
  const knows = interpreter.kind === 'node' ? Number.parseInt(interpreter.version, 10) : 0;
  for (const execmodel of [...(knows >= 24 ? ['thread'] : []), ...(knows > 0 ? ['structured'] : [])]) {
    for (const later of ['throw new RangeError("late")', 'Promise.reject(new RangeError("late"))']) {
      interpreter.test(
        `${execmodel}: what an ended execution fails with later is not told to another: ${later}`,
        async () => {
          await using group = new Group();
          const gateway = await make(group, `execmodel=${execmodel}`);
          await gateway
            .remoteExec(`globalThis.go = new Promise((go) => { globalThis.later = go; });
          globalThis.go.then(() => setTimeout(() => { ${later} }, 1));`)
            .waitClose();
          const innocent = gateway.remoteExec('globalThis.later(); await channel.receive()');
          const lost = (await failureOf(innocent.receive())) as ConnectionLostError;
          assert.instance(lost, ConnectionLostError);
          assert.is(lost.exitCode, 1);
        },
      );
    }
  }
}

test.run();
