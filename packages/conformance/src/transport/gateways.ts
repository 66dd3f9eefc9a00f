import { createHash, randomBytes } from 'node:crypto';
import type { Channel } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway/gateway-tests.ts';
import { ECHO, type TransportCheck } from './check.ts';

/** Spins; its first item is its process, a child of that, and a child of the child. */
const SPIN = `
  const { spawn } = require('node:child_process');
  const child = spawn('sh', ['-c', 'trap "" HUP INT TERM; sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const grandchild = Number(String(await new Promise((resolve) => child.stdout.once('data', resolve))));
  channel.sendSync([process.pid, child.pid, grandchild]);
  for (;;);`;

/** How much keeps the program alive, when what was about to go has gone. */
async function handles(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  // timers end by themselves
  return process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length;
}

/** What gateways need of the transport. */
export const GATEWAYS: readonly TransportCheck[] = [
  {
    title: 'a gateway carries large items both ways',
    async run(lab) {
      const { gateway } = await lab.gateway();
      const bytes = new Uint8Array(randomBytes(5_000_000));
      const hash = createHash('sha256').update(bytes).digest('hex');
      assert.is(
        await gateway.call(
          (bytes) => require('node:crypto').createHash('sha256').update(bytes).digest('hex') as string,
          bytes,
        ),
        hash,
      );
      assert.is(
        createHash('sha256')
          .update(await gateway.call((bytes) => bytes, bytes))
          .digest('hex'),
        hash,
      );
    },
  },
  {
    title: 'five gateways at once are five interpreters',
    async run(lab) {
      const all = await Promise.all(Array.from({ length: 5 }, async () => await lab.gateway()));
      const pids = await Promise.all(all.map(({ gateway }) => gateway.call(() => process.pid)));
      assert.is(new Set(pids).size, 5);
      await Promise.all(all.map(({ gateway }) => gateway.terminate()));
      await lab.assertGone(pids);
    },
  },
  {
    title: 'environment, folder and niceness of the spec reach the interpreter',
    async run(lab) {
      const { gateway } = await lab.gateway({
        env: { EXECNET_GREETING: 'it\'s "me"\n$HOME' },
        chdir: '/',
        nice: 2,
      });
      const found = await gateway.call(() => ({
        greeting: process.env['EXECNET_GREETING'],
        cwd: process.cwd(),
        nice: require('node:os').getPriority(0) as number,
      }));
      const { text } = await lab.run('nice >&4');
      assert.equal(found, { greeting: 'it\'s "me"\n$HOME', cwd: '/', nice: Math.min(19, Number(text) + 2) });
    },
  },
  {
    title: 'terminate takes down code that spins, with child and grandchild',
    async run(lab) {
      const { gateway } = await lab.gateway();
      const channel = gateway.remoteExec(SPIN);
      const pids = (await channel.receive()) as number[];
      await gateway.terminate({ timeout: 0 });
      await lab.assertGone(pids);
    },
  },
  {
    title: 'the loss of the connection takes down code that spins, with child and grandchild',
    needs: 'halfClose',
    async run(lab) {
      const { gateway, connection } = await lab.gateway();
      const channel = gateway.remoteExec(SPIN);
      const pids = (await channel.receive()) as number[];
      // the remote end reads the end of its input, as if the local program were gone
      connection.end();
      await gateway.join();
      await lab.assertGone(pids);
      assert.is((await failureOf(channel.waitClose())).name, 'ConnectionLostError');
    },
  },
  {
    title: 'the exit code of remote code is told',
    async run(lab) {
      const { gateway } = await lab.gateway();
      const channel = gateway.remoteExec('process.exit(3)');
      const error = await failureOf(channel.waitClose());
      assert.is((error as Error & { exitCode?: number }).exitCode, 3);
    },
  },
  {
    title: 'what remote code and its children print disturbs nothing, and arrives',
    async run(lab) {
      const { gateway } = await lab.gateway({ stdio: 'pipe' });
      let printed = '';
      for (const stream of [gateway.stdout, gateway.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
        });
      const channel = gateway.remoteExec((channel: Channel<never, number>) => {
        const { execFileSync } = require('node:child_process') as typeof import('node:child_process');
        for (let n = 0; n < 20; n++) {
          console.log('printed');
          console.error('printed');
          execFileSync('sh', ['-c', 'echo printed; echo printed >&2'], { stdio: 'inherit' });
          channel.sendSync(n);
        }
      });
      for (let n = 0; n < 20; n++) assert.is(await channel.receive(), n);
      await channel.waitClose();
      await gateway.terminate();
      assert.is(printed, 'printed\n'.repeat(80));
    },
  },
  {
    title: 'a gateway that is given up while it starts leaves nothing',
    async run(lab) {
      const error = await failureOf(lab.gateway({ chdir: '/dev/null' }));
      assert.is((error as { code?: string }).code, 'ERR_EXECNET_CHDIR');
      await lab.assertNothingLeft();
    },
  },
  {
    title: 'unref() lets the program end, and ref() keeps it',
    runtime: 'node',
    async run(lab) {
      // whatever several connections share is there, and stays
      (await lab.open(ECHO)).connection.unref();
      const { connection, sink } = await lab.open(ECHO);
      connection.write(Buffer.from('x'));
      await sink.has('x');
      const held = await handles();
      connection.unref();
      connection.unref();
      const free = await handles();
      assert.ok(held > free, 'a new connection keeps the program alive, and one that is unref()d does not');
      connection.ref();
      connection.ref();
      assert.is(await handles(), held);
      connection.unref();
      assert.is(await handles(), free);
      connection.ref();
      await connection.abort();
      assert.is(await handles(), free, 'one that is gone keeps nothing alive');
    },
  },
];
