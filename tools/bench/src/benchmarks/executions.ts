import { type Channel, makeGateway } from 'execnet';
import { type Benchmark, EXECNET, specOf } from '../benchmark.ts';
import { interleave, milliseconds } from '../rounds.ts';
import { row } from '../row.ts';

/** One execution after the other on one gateway: `remoteExec` of code that sends one value, and `receive` of it; each with a channel of its own. */
export const executions: Benchmark = {
  name: 'executions',
  title: 'remoteExec and receive, one after the other',
  async run({ quick, interpreter, python }) {
    const count = quick ? 200 : 2000;
    await using gateway = await makeGateway(specOf(interpreter));
    const rate = async (execute: () => Promise<unknown>): Promise<number> => {
      const elapsed = await milliseconds(async () => {
        for (let i = 0; i < count; i++) await execute();
      });
      return (count / elapsed) * 1000;
    };
    const blocking = (channel: Channel<never, number>): void => channel.sendSync(1);
    const awaiting = (channel: Channel<never, number>): Promise<void> => channel.send(1);
    const one = (): number => 1;
    const taken = await interleave(
      {
        blocking: () => rate(() => gateway.remoteExec(blocking).receive()),
        awaiting: () => rate(() => gateway.remoteExec(awaiting).receive()),
        text: () => rate(() => gateway.remoteExec('channel.sendSync(1)').receive()),
        call: () => rate(() => gateway.call(one)),
        python: python && (() => python.ask('executions', count)),
      },
      { rounds: quick ? 3 : 9 },
    );
    const unit = 'per second';
    const against = [{ name: EXECNET, samples: taken.python, aim: { least: 3 } }];
    return [
      row({ what: 'a function that uses sendSync', unit, samples: taken.blocking, against }),
      row({ what: 'a function that uses send', unit, samples: taken.awaiting, against }),
      row({ what: 'source text', unit, samples: taken.text, against }),
      row({ what: 'call', unit, samples: taken.call, against }),
    ];
  },
};
