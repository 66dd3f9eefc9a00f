import { once } from 'node:events';
import { type Channel, makeGateway } from 'execnet';
import { BareChild, SendingChild } from '../bare.ts';
import { type Benchmark, EXECNET, specOf } from '../benchmark.ts';
import { interleave } from '../rounds.ts';
import { type Against, type Row, row } from '../row.ts';

/**
 * A number is sent and comes back; the next one leaves when it is there. Remote code that blocks (`receiveSync`, `sendSync`) and remote code
 * that awaits; the local end awaits always. The floor moves the same 12 bytes (a header and a short payload) over a bare socketpair, the far side
 * reading with `onread` on its event loop. A far side without an event loop is shown too; it is no floor for something that must react.
 */
export const roundTrip: Benchmark = {
  name: 'round-trip',
  title: 'Round trip of a small value',
  async run({ quick, interpreter, node, python }) {
    const count = quick ? 300 : 3000;
    await using gateway = await makeGateway(specOf(interpreter));
    await using other = await makeGateway(specOf(interpreter));
    await using blocking = gateway.remoteExec((channel: Channel<number, number>) => {
      for (const item of channel.sync()) channel.sendSync(item);
    });
    await using awaiting = other.remoteExec(async (channel: Channel<number, number>) => {
      for await (const item of channel) await channel.send(item);
    });
    await using onread = new BareChild(node, 'echo', ['onread']);
    await using bare = new BareChild(node, 'echo', ['blocking']);
    await using port = new SendingChild('message-port');

    const taken = await interleave(
      {
        blocking: () => throughChannel(blocking, count),
        awaiting: () => throughChannel(awaiting, count),
        onread: () => throughSocket(onread, count),
        bare: () => throughSocket(bare, count),
        send: () => throughPort(port, count),
        python: python && (() => python.ask('round_trip', count)),
      },
      { rounds: quick ? 3 : 15, warmUp: 2 },
    );
    const others = (most: number): Against[] => [
      { name: 'bare socketpair, onread', samples: taken.onread, aim: { most } },
      { name: 'bare socketpair, blocking far side', samples: taken.bare },
      { name: 'child_process, process.send', samples: taken.send },
      { name: EXECNET, samples: taken.python, aim: { most: 1 } },
    ];
    const rows: Row[] = [
      row({ what: 'remote code blocks', unit: 'ms', samples: taken.blocking, against: others(1.3) }),
      row({ what: 'remote code awaits', unit: 'ms', samples: taken.awaiting, against: others(1.6) }),
    ];
    return rows;
  },
};

/** Milliseconds for one of `count` round trips through a channel whose other end answers each item. */
export async function throughChannel(channel: Channel<number, number>, count: number): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    await channel.send(i);
    await channel.receive();
  }
  return (performance.now() - begin) / count;
}

async function throughSocket({ socket }: BareChild, count: number): Promise<number> {
  const message = new Uint8Array(12);
  const begin = performance.now();
  await new Promise<void>((resolve) => {
    let left = count;
    const next = (): void => {
      if (left-- > 0) socket.write(message);
      else {
        socket.off('data', next);
        resolve();
      }
    };
    socket.on('data', next);
    next();
  });
  return (performance.now() - begin) / count;
}

async function throughPort({ child }: SendingChild, count: number): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const answer = once(child, 'message');
    child.send(i);
    await answer;
  }
  return (performance.now() - begin) / count;
}
