import { type Channel, type Gateway, makeGateway } from 'execnet';
import { type Benchmark, specOf } from '../benchmark.ts';
import { interleave, milliseconds, type Samples } from '../rounds.ts';
import { type Row, row } from '../row.ts';
import { throughChannel } from './round-trip.ts';

const MODELS = ['thread', 'main_thread_only', 'worker', 'structured'] as const;

type Echo = Channel<number, number>;

/**
 * What the execution models cost, beside `thread`: a round trip, with remote code that blocks and with remote code that awaits, numbers one way to
 * the remote end, and an execution from its request to its end.
 */
export const models: Benchmark = {
  name: 'models',
  title: 'Execution models',
  async run({ quick, interpreter }) {
    const count = quick ? 200 : 2000;
    const gateways = await Promise.all(
      MODELS.map((model) => makeGateway(`${specOf(interpreter)}//execmodel=${model}`)),
    );
    try {
      return [
        ...(await compare('round trip, remote code blocks', gateways, (gateway) => {
          const echo: Echo = gateway.remoteExec((channel: Echo) => {
            for (const item of channel.sync()) channel.sendSync(item);
          });
          return { measure: () => throughChannel(echo, count), end: () => echo.close() };
        })),
        ...(await compare('round trip, remote code awaits', gateways, (gateway) => {
          const echo: Echo = gateway.remoteExec(async (channel: Echo) => {
            for await (const item of channel) await channel.send(item);
          });
          return { measure: () => throughChannel(echo, count), end: () => echo.close() };
        })),
        ...(await compare('round trip, an operation receives', gateways.slice(-1), (gateway) => {
          const echo: Echo = gateway.remoteExec(function* (channel: Echo) {
            for (;;) yield* channel.send(yield* channel.receive());
          });
          return { measure: () => throughChannel(echo, count), end: () => echo.close() };
        })),
        ...(await compare('a number one way, to the remote end', gateways, (gateway) => {
          const sink: Echo = gateway.remoteExec((channel: Channel<number, number>) => {
            for (const item of channel.sync()) if (item < 0) channel.sendSync(item);
          });
          return { measure: () => oneWay(sink, count * 20), end: () => sink.close() };
        })),
        ...(await compare('an execution', gateways, (gateway) => ({
          measure: () => executions(gateway, quick ? 5 : 20),
        }))),
      ];
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.terminate()));
    }
  },
};

/** The same on every model, in turn; one row for each, against `thread`. */
async function compare(
  what: string,
  gateways: readonly Gateway[],
  prepare: (gateway: Gateway) => { measure: () => Promise<number>; end?: () => void },
): Promise<Row[]> {
  const names = MODELS.slice(-gateways.length);
  const prepared = gateways.map(prepare);
  const subjects = Object.fromEntries(names.map((model, i) => [model, prepared[i]?.measure]));
  const taken = (await interleave(subjects, { rounds: 7, warmUp: 1 })) as Record<string, Samples>;
  for (const { end } of prepared) end?.();
  // main_thread_only takes the next one when this one is over
  for (const gateway of gateways) while ((await gateway.remoteStatus()).numExecuting > 0);
  const [first = 'thread', ...others] = names;
  return [
    row({ what: `${what}: ${first}`, unit: 'ms', samples: taken[first] }),
    ...others.map((model) =>
      row({
        what: `${what}: ${model}`,
        unit: 'ms',
        samples: taken[model],
        against: [{ name: first, samples: taken[first] }],
      }),
    ),
  ];
}

async function oneWay(sink: Echo, count: number): Promise<number> {
  const elapsed = await milliseconds(async () => {
    for (let i = 0; i < count; i++) await sink.send(i);
    await sink.send(-1);
    await sink.receive();
  });
  return elapsed / count;
}

async function executions(gateway: Gateway, count: number): Promise<number> {
  const elapsed = await milliseconds(async () => {
    for (let i = 0; i < count; i++) await gateway.call(() => 1);
  });
  return elapsed / count;
}
