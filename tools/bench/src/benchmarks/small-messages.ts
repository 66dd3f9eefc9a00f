import { type Channel, makeGateway } from 'execnet';
import { BareChild, SendingChild } from '../bare.ts';
import { type Benchmark, EXECNET, type Setting, specOf } from '../benchmark.ts';
import { receiveFramed, sendFramed } from '../programs/framed.mjs';
import { interleave, milliseconds, type Samples } from '../rounds.ts';
import { type Row, row } from '../row.ts';

type Kind = 'number' | 'record';

/** execnet, and messages of `child_process`, are an order of magnitude slower: fewer take as long. */
const FEWER = 10;

const record = { id: 1, name: 'item', ok: true };

/**
 * Many small values one way, as a rate: a number each, and a record of three fields each. Counted from the first send until the receiver
 * has the last one and has said so. Every send is awaited, which resolves when the channel's window has room. The floor is a naive framed
 * msgpackr loop over a socketpair, see `programs/framed.mjs`.
 */
export const smallMessages: Benchmark = {
  name: 'small-messages',
  title: 'Small messages one way',
  async run(setting) {
    return [
      ...(await outward(setting, 'number')),
      ...(await inward(setting, 'number')),
      ...(await records(setting)),
    ];
  },
};

async function records(setting: Setting): Promise<Row[]> {
  return [...(await outward(setting, 'record')), ...(await inward(setting, 'record'))];
}

async function outward({ quick, interpreter, node, python }: Setting, kind: Kind): Promise<Row[]> {
  const count = quick ? 20_000 : 200_000;
  await using gateway = await makeGateway(specOf(interpreter));
  await using other = await makeGateway(specOf(interpreter));
  await using blocking = gateway.remoteExec((channel: Channel<unknown, number>) => {
    for (const expected of channel.sync()) {
      for (let i = 0; i < (expected as number); i++) channel.receiveSync();
      channel.sendSync(0);
    }
  });
  await using awaiting = other.remoteExec(async (channel: Channel<unknown, number>) => {
    for await (const expected of channel) {
      for (let i = 0; i < (expected as number); i++) await channel.receive();
      await channel.send(0);
    }
  });
  const make = kind === 'record' ? () => record : (i: number) => i;
  const toChannel = async (channel: Channel<number, unknown>): Promise<number> => {
    await channel.send(count);
    return await rate(count, async () => {
      for (let i = 0; i < count; i++) await channel.send(make(i));
      await channel.receive();
    });
  };
  await using port = new SendingChild('message-port');
  await using framed = new BareChild(node, 'framed-child', ['in', String(count), kind]);
  await framed.answer();
  const taken = await interleave(
    {
      blocking: () => toChannel(blocking),
      awaiting: () => toChannel(awaiting),
      framed: () =>
        rate(count, async () => {
          const done = framed.answer();
          await sendFramed(framed.socket, count, make);
          await done;
        }),
      send: () => {
        const fewer = count / FEWER;
        port.child.send({ receive: fewer });
        return rate(fewer, async () => {
          const done = new Promise((resolve) => port.child.once('message', resolve));
          for (let i = 0; i < fewer; i++) port.child.send(make(i));
          await done;
        });
      },
      python: python && (() => python.ask(`${kind}s_out`, count / FEWER)),
    },
    { rounds: quick ? 3 : 7 },
  );
  return rows(
    `${kind}s to the remote end`,
    {
      'read with receiveSync': taken.blocking,
      'read with await receive': taken.awaiting,
    },
    taken,
  );
}

async function inward({ quick, interpreter, node, python }: Setting, kind: Kind): Promise<Row[]> {
  const count = quick ? 20_000 : 200_000;
  await using gateway = await makeGateway(specOf(interpreter));
  await using source = gateway.remoteExec(
    async (channel: Channel<number, unknown>, value: unknown) => {
      for await (const expected of channel)
        for (let i = 0; i < expected; i++) await channel.send(value === 0 ? i : value);
    },
    kind === 'record' ? record : 0,
  );
  await using other = await makeGateway(specOf(interpreter));
  await using blocking = other.remoteExec(
    (channel: Channel<number, unknown>, value: unknown) => {
      for (const expected of channel.sync())
        for (let i = 0; i < expected; i++) channel.sendSync(value === 0 ? i : value);
    },
    kind === 'record' ? record : 0,
  );
  const fromChannel = (channel: Channel<unknown, number>, expected: number): Promise<number> =>
    rate(expected, async () => {
      await channel.send(expected);
      for (let i = 0; i < expected; i++) await channel.receive();
    });
  await using port = new SendingChild('message-port');
  await using framed = new BareChild(node, 'framed-child', ['out', String(count), kind]);
  await framed.answer();
  const taken = await interleave(
    {
      awaiting: () => fromChannel(source, count),
      blocking: () => fromChannel(blocking, count / FEWER),
      framed: () =>
        rate(count, async () => {
          framed.socket.write('.');
          await receiveFramed(framed.socket, count);
        }),
      send: () => {
        const fewer = count / FEWER;
        return rate(fewer, async () => {
          let left = fewer;
          const done = new Promise<void>((resolve) => {
            port.child.on('message', () => {
              if (--left === 0) resolve();
            });
          });
          port.child.send({ send: fewer, record: kind === 'record' });
          await done;
          port.child.removeAllListeners('message');
        });
      },
      python: python && (() => python.ask(`${kind}s_in`, count / FEWER)),
    },
    { rounds: quick ? 3 : 7 },
  );
  return rows(
    `${kind}s from the remote end`,
    {
      'sent with await send': taken.awaiting,
      'sent with sendSync (a write each)': taken.blocking,
    },
    taken,
  );
}

type Others = Record<'framed' | 'send' | 'python', Samples | undefined>;

function rows(
  what: string,
  results: Record<string, Samples | undefined>,
  { framed, send, python }: Others,
): Row[] {
  return Object.entries(results).map(([how, samples]) =>
    row({
      what: `${what}, ${how}`,
      unit: 'per second',
      samples,
      against: [
        { name: 'naive framed msgpackr loop', samples: framed },
        { name: 'child_process, process.send', samples: send },
        {
          name: EXECNET,
          samples: python,
          ...(how.startsWith('sent with sendSync') ? {} : { aim: { least: 10 } }),
        },
      ],
    }),
  );
}

async function rate(count: number, work: () => Promise<unknown>): Promise<number> {
  return (count / (await milliseconds(work))) * 1000;
}
