import { type Gateway, makeGateway } from 'execnet';
import { type Benchmark, specOf } from '../benchmark.ts';
import { peakSize } from '../process-memory.ts';
import { interleave, milliseconds, type Samples, samplesOf } from '../rounds.ts';
import { type Row, row } from '../row.ts';

const one = (): number => 1;

const WAYS = {
  sequential: async (gateway: Gateway, count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await gateway.call(one);
  },
  concurrent: async (gateway: Gateway, count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, () => gateway.call(one)));
  },
};

/** Short calls that are all asked for at once, against the same number one after the other: their rate, and the most memory that the remote end has had. Each on a fresh gateway. */
export const concurrentCalls: Benchmark = {
  name: 'concurrent-calls',
  title: 'Short calls at once',
  async run({ quick, interpreter }) {
    const rows: Row[] = [];
    for (const count of quick ? [1000] : [1000, 10_000]) {
      const peaks: Record<keyof typeof WAYS, number[]> = { sequential: [], concurrent: [] };
      const rate = async (way: keyof typeof WAYS): Promise<number> => {
        await using gateway = await makeGateway(specOf(interpreter));
        await WAYS.sequential(gateway, 100);
        const elapsed = await milliseconds(() => WAYS[way](gateway, count));
        peaks[way].push(peakSize(gateway.peer.pid) ?? Number.NaN);
        return (count / elapsed) * 1000;
      };
      const taken = await interleave(
        { sequential: () => rate('sequential'), concurrent: () => rate('concurrent') },
        { rounds: quick ? 3 : 5 },
      );
      const against = (samples: Samples | undefined, aim?: { least: number }) => [
        { name: 'one after the other', samples, ...(aim && { aim }) },
      ];
      rows.push(
        row({
          what: `${count} calls`,
          unit: 'per second',
          samples: taken.concurrent,
          against: against(taken.sequential, { least: 1 }),
        }),
      );
      if (peaks.concurrent.some(Number.isNaN)) continue;
      rows.push(
        row({
          what: `memory of ${count} calls`,
          unit: 'bytes',
          samples: samplesOf(peaks.concurrent),
          against: against(samplesOf(peaks.sequential)),
        }),
        row({
          what: `more memory of ${count} calls than one after the other`,
          unit: 'bytes',
          samples: samplesOf(peaks.concurrent.map((peak, n) => peak - (peaks.sequential[n] as number))),
          aim: { most: 20e6 },
        }),
      );
    }
    return rows;
  },
};
