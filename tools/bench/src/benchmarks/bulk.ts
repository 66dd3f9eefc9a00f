import { once } from 'node:events';
import { type Channel, makeGateway } from 'execnet';
import { BareChild } from '../bare.ts';
import { type Benchmark, EXECNET, specOf } from '../benchmark.ts';
import { interleave, milliseconds } from '../rounds.ts';
import { row } from '../row.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Binaries of 1 MiB one way, as a rate, from the first send until the receiver has said that it has the last one. The floor writes the same
 * blocks to a bare socketpair (what Node calls a pipe), whose far side is blocking code; there bytes are counted and nothing is put together.
 */
export const bulk: Benchmark = {
  name: 'bulk',
  title: 'Binaries of 1 MiB one way',
  async run({ quick, interpreter, node, python }) {
    const count = quick ? 20 : 200;
    const block = new Uint8Array(MEBIBYTE);
    const args = [String(count), String(MEBIBYTE)];
    const rate = async (work: () => Promise<unknown>): Promise<number> =>
      ((count * MEBIBYTE) / (await milliseconds(work))) * 1000;
    await using gateway = await makeGateway(specOf(interpreter));
    await using other = await makeGateway(specOf(interpreter));
    await using third = await makeGateway(specOf(interpreter));
    await using reader = gateway.remoteExec((channel: Channel<Uint8Array | number, number>) => {
      for (const expected of channel.sync()) {
        for (let i = 0; i < (expected as number); i++) channel.receiveSync();
        channel.sendSync(0);
      }
    });
    await using awaitingReader = other.remoteExec(async (channel: Channel<Uint8Array | number, number>) => {
      for await (const expected of channel) {
        for (let i = 0; i < (expected as number); i++) await channel.receive();
        await channel.send(0);
      }
    });
    await using writer = third.remoteExec(async (channel: Channel<number, Uint8Array>) => {
      const sent = new Uint8Array(1024 * 1024);
      for await (const expected of channel) for (let i = 0; i < expected; i++) await channel.send(sent);
    });
    await using rawReader = new BareChild(node, 'raw', ['in', ...args]);
    await using rawWriter = new BareChild(node, 'raw', ['out', ...args]);
    await Promise.all([rawReader.answer(), rawWriter.answer()]);
    const outward = async (channel: Channel<number, Uint8Array | number>): Promise<number> => {
      await channel.send(count);
      return await rate(async () => {
        for (let i = 0; i < count; i++) await channel.send(block);
        await channel.receive();
      });
    };
    const taken = await interleave(
      {
        out: () => outward(reader),
        outAwaiting: () => outward(awaitingReader),
        in: () =>
          rate(async () => {
            await writer.send(count);
            for (let i = 0; i < count; i++) await writer.receive();
          }),
        rawOut: () =>
          rate(async () => {
            const done = rawReader.answer();
            for (let i = 0; i < count; i++)
              if (!rawReader.socket.write(block)) await once(rawReader.socket, 'drain');
            await done;
          }),
        rawIn: () => rate(() => readAll(rawWriter, count * MEBIBYTE)),
        pythonOut: python && (() => python.ask('bulk_out', count)),
        pythonIn: python && (() => python.ask('bulk_in', count)),
      },
      { rounds: quick ? 3 : 9 },
    );
    const unit = 'bytes per second';
    const outAgainst = [
      { name: 'raw socketpair', samples: taken.rawOut, aim: { least: 0.8 } },
      { name: EXECNET, samples: taken.pythonOut },
    ];
    return [
      row({
        what: 'to the remote end, read with receiveSync',
        unit,
        samples: taken.out,
        against: outAgainst,
      }),
      row({
        what: 'to the remote end, read with await receive',
        unit,
        samples: taken.outAwaiting,
        against: outAgainst,
      }),
      row({
        what: 'from the remote end, sent with await send',
        unit,
        samples: taken.in,
        against: [
          { name: 'raw socketpair', samples: taken.rawIn, aim: { least: 0.8 } },
          { name: EXECNET, samples: taken.pythonIn },
        ],
      }),
    ];
  },
};

function readAll({ socket }: BareChild, size: number): Promise<void> {
  return new Promise((resolve) => {
    let left = size;
    const take = (chunk: Uint8Array): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
    socket.write('.');
  });
}
