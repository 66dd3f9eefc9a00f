import { dumps, Tuple } from 'execnet';
import * as assert from 'uvu/assert';
import { sharedEnds } from './fixtures/interpreters.ts';
import { Marker } from './fixtures/marker.ts';
import { CODE, concat, frame, int32, Random } from './fixtures/mutations.mjs';
import { RawMaster } from './fixtures/raw-master.ts';
import { test } from './fixtures/tests.ts';

const text = new TextEncoder();

/** The bytes of an item in execnet's format. */
const item = (value: unknown): Uint8Array => dumps(value, { version: 2 }).slice(1);

const exec = (id: number, source: string): Uint8Array =>
  frame(CODE.CHANNEL_EXEC, id, item(Tuple.from([source, null, null, {}])));

/** What a master may say. */
const CONVERSATION: Uint8Array = concat(
  frame(CODE.STATUS, 1),
  exec(3, 'for await (const item of channel) await channel.send(item)'),
  frame(CODE.CHANNEL_DATA, 3, item(['text', 1, null, new Uint8Array(50), { key: new Set([1.5]) }])),
  exec(5, 'channel.sendSync(channel.receiveSync())'),
  frame(CODE.CHANNEL_DATA, 5, concat(text.encode('B'), int32(7), text.encode('Q'))),
  frame(CODE.RECONFIGURE, 0, item(Tuple.from([true, false]))),
  frame(CODE.CHANNEL_CLOSE_ERROR, 5, item('an error')),
  frame(CODE.CHANNEL_LAST_MESSAGE, 3),
  frame(CODE.CHANNEL_CLOSE, 3),
);

for (const interpreter of sharedEnds) {
  interpreter.test('who is not execnet is told what this is', async () => {
    for (const line of ['GET / HTTP/1.1\r\n', '"print(1)"\n', '"no end', '\0\0\0\n', 'x'.repeat(70_000)]) {
      await using master = new RawMaster(interpreter);
      master.input.end(line);
      assert.is((await master.exited).code, 2, line.slice(0, 20));
      assert.match(master.stderr, 'execnet-remote is started by execnet of Python');
      assert.is(master.said.length, 0);
    }
  });

  interpreter.test('who says nothing at all ends it', async () => {
    await using master = new RawMaster(interpreter);
    master.input.end();
    assert.equal(await master.exited, { code: 0, signal: null });
  });

  interpreter.test('what comes for an execution that has ended is dropped, whatever it is', async () => {
    await using master = await RawMaster.boot(interpreter);
    const answers = async (id: number): Promise<void> => {
      master.input.write(exec(id, 'await channel.send(42)'));
      const answer = concat(frame(CODE.CHANNEL_DATA, id, item(42)), frame(CODE.CHANNEL_CLOSE, id));
      await master.hears((said) => said.includes(Buffer.from(answer)));
    };
    await answers(1);
    const nothing = new Uint8Array(200_000).fill(255);
    master.input.write(
      concat(
        frame(CODE.CHANNEL_DATA, 1, nothing),
        // as if a channel followed
        frame(CODE.CHANNEL_DATA, 1, concat(item([1, null]), text.encode('B'), int32(7))),
        frame(CODE.CHANNEL_DATA, 1),
        frame(CODE.CHANNEL_CLOSE_ERROR, 1, nothing),
        frame(CODE.CHANNEL_LAST_MESSAGE, 1),
        frame(CODE.CHANNEL_CLOSE, 1),
      ),
    );
    await answers(3);
  });

  interpreter.test('frames that execnet does not have end it, before and while code runs', async () => {
    for (const first of [new Uint8Array(0), exec(1, "channel.sendSync('spins'); for (;;);")]) {
      for (const wrong of [
        frame(CODE.BIND, 1, int32(2)),
        frame(99, 1),
        Uint8Array.of(4, 0, 0, 0, 1, 255, 255, 255, 255),
        Uint8Array.of(4, 255, 255, 255, 255, 0, 0, 0, 0),
      ]) {
        await using master = await RawMaster.boot(interpreter);
        master.input.write(first);
        if (first.length > 0) await master.hears((said) => said.includes('spins'));
        master.input.write(wrong);
        const { code, signal } = await master.exited;
        // what spins can only be killed
        assert.ok(first.length > 0 ? signal === 'SIGKILL' || code === 1 : code === 1, `${signal} ${code}`);
        assert.ok(master.stderr.length > 0);
      }
    }
  });

  interpreter.test('code cleans up when what comes can not be understood, within an item too', async () => {
    for (const last of [
      frame(99, 1),
      frame(CODE.CHANNEL_DATA, 3, new Uint8Array(9_000)).subarray(0, 4_000),
    ]) {
      using marker = new Marker();
      await using master = await RawMaster.boot(interpreter);
      master.input.write(
        exec(
          3,
          `try { channel.sendSync('waits'); channel.receiveSync() }
           finally {
             await new Promise((resolve) => setTimeout(resolve, 20));
             require('node:fs').writeFileSync(${JSON.stringify(marker.file)}, 'done');
           }`,
        ),
      );
      await master.hears((said) => said.includes('waits'));
      if (last.length > 9) master.input.end(last);
      else master.input.write(last);
      await master.exited;
      assert.is(marker.text, 'done');
    }
  });

  interpreter.test('whatever bytes come, it ends with its input', async () => {
    const random = new Random(7);
    for (let round = 0; round < 24; round++) {
      const bytes = round % 3 === 0 ? random.bytes(2000) : CONVERSATION.slice();
      for (let n = 0; n <= round % 3; n++) bytes[random.integer(bytes.length)] = random.integer(256);
      await using master = await RawMaster.boot(interpreter);
      master.input.end(bytes);
      await master.exited;
    }
  });

  interpreter.test('it outlives no master that asks without end and never reads', async () => {
    await using master = await RawMaster.boot(interpreter);
    master.input.write(exec(1, "channel.sendSync('spins'); for (;;);"));
    await master.hears((said) => said.includes('spins'));
    // answers fill the pipe, and what waits is bounded: from then on it reads no more either
    master.deaf();
    for (let id = 3; id < 100_000; id += 2) master.input.write(frame(CODE.STATUS, id));
    master.leave();
    await master.exited;
  });
}

test.run();
