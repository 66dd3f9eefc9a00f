import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Channel, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { LEAN, leanSpecOf, sharedEnds, specOf } from './fixtures/interpreters.ts';
import { peakRises } from './fixtures/memory.mjs';
import { Program, programFile, startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

const MIB = 1024 * 1024;

/** What windows let pile up, and what else may come with it, at either end. */
const BOUND = 16;

/** Sends `total` characters in numbered texts of `size`. */
async function stream(
  channel: Channel<unknown, string>,
  { total, size }: { total: number; size: number },
): Promise<void> {
  const rest = '.'.repeat(size - 8);
  for (let i = 0; i < total / size; i++) await channel.send(String(i).padStart(8, '0') + rest);
}

/** Receives what {@link stream} sends, and checks that nothing is lost, doubled or out of order. A slow reader lets the sender run ahead again and again. */
async function consume(
  gateway: Gateway,
  { total, size, slow }: { total: number; size: number; slow: boolean },
): Promise<void> {
  const channel = gateway.remoteExec(stream, { total, size });
  let expected = 0;
  for await (const item of channel) {
    if (Number(item.slice(0, 8)) !== expected)
      assert.unreachable(`item ${item.slice(0, 8)} came as number ${expected}`);
    expected++;
    if (slow && expected % Math.ceil(MIB / size) === 0)
      await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.is(expected, Math.ceil(total / size));
}

/** Makes 1,000 channels, and remote code that sends texts of `size` on all of them for as long as it can. */
async function stall(
  gateway: Gateway,
  size: number,
): Promise<{ master: Channel<number, unknown>; channels: readonly Channel[] }> {
  const master = gateway.remoteExec(
    async (channel: Channel<unknown, number>, { size }: { size: number }) => {
      const channels = (await channel.receive()) as Channel<unknown, string>[];
      const item = '.'.repeat(size);
      let sent = 0;
      const flood = async (one: Channel<unknown, string>): Promise<void> => {
        for (;;) {
          await one.send(item);
          sent++;
        }
      };
      for (const one of channels) flood(one).catch(() => {});
      // until nothing moves any more
      for (let before = -1; before !== sent; ) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await channel.send(sent);
      await channel.receive();
    },
    { size },
  );
  const channels = Array.from({ length: 1000 }, () => gateway.newChannel());
  await master.send(channels);
  return { master, channels };
}

for (const interpreter of sharedEnds) {
  interpreter.test('both ends may send before they receive, up to a megabyte', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter));
    const half = 'x'.repeat(300_000);
    const channel = gateway.remoteExec((channel: Channel<string, string>) => {
      channel.sendSync('y'.repeat(300_000));
      channel.sendSync(channel.receiveSync());
    });
    await channel.send(half);
    assert.is((await channel.receive())[0], 'y');
    assert.is(await channel.receive(), half);
  });

  interpreter.test('three long streams to a slow reader lose nothing and hold little', async () => {
    const { kind, path } = runningInterpreter();
    const reader =
      kind === 'node'
        ? new Program(path, [LEAN, programFile('slow-reader.mjs'), leanSpecOf(interpreter)])
        : startProgram('slow-reader.mjs', [leanSpecOf(interpreter)]);
    const { code, stdout, stderr } = await reader.ended;
    assert.is(code, 0, stderr);
    const [own, ...remote] = JSON.parse(stdout) as [number, ...number[]];
    const shown = [own, ...remote].map((rise) => rise.toFixed(1)).join(', ');
    // as a local end, Bun and Deno are measured by nothing that they could be told
    if (kind === 'node') assert.ok(own <= BOUND, `peaks rose by ${shown} MiB`);
    assert.ok(Math.max(...remote) <= BOUND, `peaks rose by ${shown} MiB`);
  });

  interpreter.test('1,000 stalled channels hold little and delay no other', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(leanSpecOf(interpreter));
    const echo = gateway.remoteExec(async (channel) => {
      for await (const item of channel) await channel.send(item);
    });
    // as many threads as will be needed, and what collectors want
    const thread = gateway.remoteExec((channel) => channel.receiveSync());
    await consume(gateway, { total: 50 * MIB, size: 1000, slow: true });
    await thread.send(null);
    await thread.waitClose();
    const rises = await peakRises([process.pid, gateway.peer.pid], async () => {
      const { master, channels } = await stall(gateway, 1000);
      const sent = await master.receive();
      assert.ok(sent >= 1000, `only ${sent} items left at all`);
      for (let i = 0; i < 100; i++) {
        await echo.send(i);
        assert.is(await echo.receive({ timeout: 10_000 }), i);
      }
      await consume(gateway, { total: 10 * MIB, size: 1000, slow: true });
      // held until here: channels that nobody holds are closed, and stall nobody
      for (const one of channels) assert.not(one.isClosed);
    });
    const [own = 0, remote = 0] = rises;
    const shown = `peaks rose by ${own.toFixed(1)} and ${remote.toFixed(1)} MiB`;
    // as a local end, Bun and Deno are measured by nothing that they could be told
    if (runningInterpreter().kind === 'node') assert.ok(own <= BOUND, shown);
    assert.ok(remote <= BOUND, shown);
  });

  interpreter.test('1,000 channels that remote code never reads hold little and delay no other', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(leanSpecOf(interpreter));
    const echo = gateway.remoteExec(async (channel) => {
      for await (const item of channel) await channel.send(item);
    });
    const warmUp = 'x'.repeat(1000);
    for (let i = 0; i < 5000; i++) {
      await echo.send(warmUp);
      await echo.receive();
    }
    const holder = gateway.remoteExec(async (channel) => {
      await channel.send('there');
      const held = (await channel.receive()) as unknown[];
      await channel.send(held.length);
      // held for as long as this runs
      await channel.receive();
      return held;
    });
    // its thread is no part of the rise
    await holder.receive();
    const rises = await peakRises([process.pid, gateway.peer.pid], async () => {
      const channels = Array.from({ length: 1000 }, () => gateway.newChannel());
      await holder.send(channels);
      assert.is(await holder.receive(), channels.length);
      let sent = 0;
      const flood = async (one: Channel): Promise<void> => {
        for (;;) {
          await one.send('.'.repeat(1000));
          sent++;
        }
      };
      for (const one of channels) flood(one).catch(() => {});
      // until nothing moves any more
      for (let before = -1; before !== sent; ) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      assert.ok(sent >= channels.length, `only ${sent} items left at all`);
      for (let i = 0; i < 100; i++) {
        await echo.send(i);
        assert.is(await echo.receive({ timeout: 10_000 }), i);
      }
      for (const one of channels) assert.not(one.isClosed);
    });
    const [own = 0, remote = 0] = rises;
    const shown = `peaks rose by ${own.toFixed(1)} and ${remote.toFixed(1)} MiB`;
    // as a local end, Bun and Deno are measured by nothing that they could be told
    if (runningInterpreter().kind === 'node') assert.ok(own <= BOUND, shown);
    assert.ok(remote <= BOUND, shown);
  });

  interpreter.test('a reader that wakes up gets everything that its sender had to hold back', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter));
    const channel = gateway.remoteExec(stream, { total: 3 * MIB, size: 100_000 });
    // far longer than the sender needs to run into the window
    await new Promise((resolve) => setTimeout(resolve, 100));
    let count = 0;
    for await (const item of channel) {
      assert.is(Number(item.slice(0, 8)), count);
      assert.is(item.length, 100_000);
      count++;
    }
    assert.is(count, Math.ceil((3 * MIB) / 100_000));
  });

  interpreter.test('items larger than any window arrive whole, in both directions', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter));
    const echo = gateway.remoteExec(async (channel: Channel<Uint8Array, Uint8Array>) => {
      for await (const item of channel) await channel.send(item);
    });
    for (const size of [0, 1, 3062, 3063, 65_535, 65_536, 65_537, 5 * MIB + 1]) {
      const item = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);
      const sent = echo.send(item);
      const received = await echo.receive();
      await sent;
      assert.is(received.length, size);
      assert.is(Buffer.compare(received, item), 0);
    }
  });

  interpreter.test(
    'a channel sent over a channel and used at once by another thread loses nothing',
    async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter));
      const busy = gateway.remoteExec((channel) => channel.receiveSync());
      const rounds = 10_000;
      const worker = gateway.remoteExec((channel: Channel<Channel<number, number> | null, number>) => {
        for (const one of channel.sync()) {
          if (one === null) return;
          one.sendSync(one.receiveSync() + one.receiveSync());
          one.close();
        }
      });
      for (let i = 0; i < rounds; i++) {
        const one = gateway.newChannel<number, number>();
        // before it is known there, at once after, and all without waiting
        void one.send(i);
        void worker.send(one);
        void one.send(1);
        assert.is(await one.receive(), i + 1);
      }
      await worker.send(null);
      await worker.waitClose();

      const maker = gateway.remoteExec(
        async (channel: Channel<number, Channel<number, number>>, rounds: number) => {
          // the remote end makes channels of its own this time
          for (let i = 0; i < rounds; i++) {
            const { port } = (await channel.receive()) as unknown as { port: Channel<number, number> };
            await port.send(i);
            await port.send((await port.receive()) + 1);
            port.close();
          }
        },
        1000,
      );
      for (let i = 0; i < 1000; i++) {
        const port = gateway.newChannel<number, number>();
        void maker.send({ port } as never);
        assert.is(await port.receive(), i);
        void port.send(i);
        assert.is(await port.receive(), i + 1);
      }
      await busy.send(null);
    },
  );
}

// this process is a local end that is measured, and the bound of its collector is an argument of its own
if (runningInterpreter().kind !== 'node' || process.execArgv.includes(LEAN)) test.run();
else {
  const file = fileURLToPath(import.meta.url);
  const { status } = spawnSync(process.execPath, [LEAN, ...process.execArgv, file], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
