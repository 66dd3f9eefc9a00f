import { type Benchmark, specOf } from '../benchmark.ts';
import { interleave, type Samples } from '../rounds.ts';
import { type Row, row } from '../row.ts';
import { Transfer } from '../transfer.ts';

/**
 * A gateway through another, against one beside it, and a third level. The one between, and all that it relays for, are on this machine: on two cores
 * six wake-ups of a round trip stand against three, with nothing else to take time.
 */
export const via: Benchmark = {
  name: 'via',
  title: 'Through a gateway',
  async run({ quick, interpreter }) {
    const count = quick ? 300 : 2000;
    const blocks = quick ? 20 : 200;
    const spec = specOf(interpreter);
    await using direct = await Transfer.make(spec);
    await using middle = await Transfer.make(`${spec}//id=bench-a`);
    await using relayed = await Transfer.make(`${spec}//via=${middle.gateway.id}//id=bench-b`);
    await using twice = await Transfer.make(`${spec}//via=${relayed.gateway.id}`);
    const ways = { direct, relayed, twice };
    const each = (
      work: (way: Transfer) => Promise<number>,
      rounds: number,
    ): Promise<Record<keyof typeof ways, Samples | undefined>> =>
      interleave(
        {
          direct: () => work(ways.direct),
          relayed: () => work(ways.relayed),
          twice: () => work(ways.twice),
        },
        { rounds: quick ? 3 : rounds, warmUp: 2 },
      );
    const trips = await each((way) => way.roundTrip(count), 15);
    const out = await each((way) => way.out(blocks), 9);
    const back = await each((way) => way.in(blocks), 9);
    const rows: Row[] = [];
    for (const [name, key] of [
      ['through one', 'relayed'],
      ['through two', 'twice'],
    ] as const) {
      const aimed = key === 'relayed';
      rows.push(
        row({
          what: `round trip, ${name}`,
          unit: 'ms',
          samples: trips[key],
          against: [{ name: 'direct', samples: trips.direct, ...(aimed ? { aim: { most: 1.5 } } : {}) }],
        }),
        row({
          what: `1 MiB to the remote end, ${name}`,
          unit: 'bytes per second',
          samples: out[key],
          against: [{ name: 'direct', samples: out.direct, ...(aimed ? { aim: { least: 0.5 } } : {}) }],
        }),
        row({
          what: `1 MiB from the remote end, ${name}`,
          unit: 'bytes per second',
          samples: back[key],
          against: [{ name: 'direct', samples: back.direct, ...(aimed ? { aim: { least: 0.5 } } : {}) }],
        }),
      );
    }
    return rows;
  },
};
