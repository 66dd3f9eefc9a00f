import { type Channel, type Gateway, makeGateway } from 'execnet';
import { type Benchmark, specOf } from '../benchmark.ts';
import { interleave, milliseconds } from '../rounds.ts';
import { row } from '../row.ts';

/** The same by hand, without `expose`. */
async function loop(gateway: Gateway, count: number): Promise<void> {
  const channel = gateway.remoteExec(
    async (channel: Channel<[id: number, n: number], [id: number, result: number]>) => {
      let sum = 0;
      for await (const [id, n] of channel) {
        sum += n;
        await channel.send([id, sum]);
      }
    },
  );
  const calls = new Map<number, (result: number) => void>();
  const results = Array.from({ length: count }, (_, id) => {
    void channel.send([id, 1]);
    return new Promise<number>((resolve) => calls.set(id, resolve));
  });
  while (calls.size > 0) {
    const [id, result] = await channel.receive();
    calls.get(id)?.(result);
    calls.delete(id);
  }
  await Promise.all(results);
  await channel.end();
  await channel.waitClose();
}

async function object(gateway: Gateway, count: number): Promise<void> {
  await using counter = await gateway.expose(() => {
    let sum = 0;
    return {
      add(n: number): number {
        sum += n;
        return sum;
      },
    };
  });
  await Promise.all(Array.from({ length: count }, () => counter.add(1)));
}

/** Concurrent calls of the methods of a remote object, against the same traffic over a channel by hand. */
export const remoteObject: Benchmark = {
  name: 'remote-object',
  title: 'Calls of a remote object',
  async run({ quick, interpreter }) {
    const count = quick ? 1000 : 10_000;
    await using gateway = await makeGateway(specOf(interpreter));
    const rate = async (way: typeof loop): Promise<number> =>
      (count / (await milliseconds(() => way(gateway, count)))) * 1000;
    const taken = await interleave(
      { object: () => rate(object), loop: () => rate(loop) },
      { rounds: quick ? 5 : 9 },
    );
    return [
      row({
        what: `${count} calls at once`,
        unit: 'per second',
        samples: taken.object,
        against: [{ name: 'a loop over a channel', samples: taken.loop, aim: { least: 0.67 } }],
      }),
    ];
  },
};
