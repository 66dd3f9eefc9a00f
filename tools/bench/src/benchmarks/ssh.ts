import { makeGateway } from 'execnet';
import { startSshd } from '../../../hosts/sshd.mjs';
import { type Benchmark, EXECNET } from '../benchmark.ts';
import { interleave, milliseconds } from '../rounds.ts';
import { type Row, row } from '../row.ts';
import { SshCommand } from '../ssh-command.ts';
import { rate, Transfer } from '../transfer.ts';

/** Debian's, as for the other comparisons. */
const PYTHON = '/usr/bin/python3';

const MEBIBYTE = 1024 * 1024;

/**
 * A real sshd on loopback: both clients of ours, the OpenSSH client by itself, and Python's execnet, which is that client too. A start is from `makeGateway` to
 * the result of a first `call`; on a fresh connection, and beside another gateway to the same host.
 */
export const ssh: Benchmark = {
  name: 'ssh',
  title: 'Over ssh',
  async run({ quick, node, python }) {
    await using host = await startSshd();
    const { config, alias } = host;
    const spec = `ssh=${alias}//ssh_config=${config}//node=${node}`;
    const openssh = `${spec}//ssh_client=openssh`;
    const byPython = `ssh=${alias}//ssh_config=${config}//python=${PYTHON}`;
    const start = async (wanted: string): Promise<number> => {
      const begin = performance.now();
      const gateway = await makeGateway(wanted);
      await gateway.call(() => 1);
      const elapsed = performance.now() - begin;
      await gateway.terminate();
      return elapsed;
    };
    const command = async (): Promise<number> => {
      await using bare = new SshCommand(config, alias, `${node} -e "require('fs').writeSync(1,'x')"`);
      return await milliseconds(() => bare.started());
    };
    const rows: Row[] = [];
    const starts = await interleave(
      {
        fresh: () => start(spec),
        openssh: () => start(openssh),
        bare: command,
        python: python && (() => python.ask('start_up', byPython)),
      },
      { rounds: quick ? 3 : 11 },
    );
    const startsAgainst = [
      { name: 'ssh HOST node -e, first byte', samples: starts.bare },
      { name: EXECNET, samples: starts.python },
    ];
    rows.push(
      row({ what: 'fresh connection', unit: 'ms', samples: starts.fresh, against: startsAgainst }),
      row({
        what: 'fresh connection, ssh_client=openssh',
        unit: 'ms',
        samples: starts.openssh,
        against: startsAgainst,
      }),
    );

    await using ours = await Transfer.make(spec);
    await using theirs = await Transfer.make(openssh);
    await using relayed = await Transfer.make(`popen//node=${node}//via=${ours.gateway.id}`);
    const shared = await interleave({ shared: () => start(spec) }, { rounds: quick ? 3 : 11 });
    rows.push(row({ what: 'shared connection', unit: 'ms', samples: shared.shared, against: startsAgainst }));

    if (python) await python.ask('use', byPython);
    const count = quick ? 200 : 1000;
    await using echo = new SshCommand(config, alias, 'cat');
    await echo.roundTrip(20);
    const trips = await interleave(
      {
        ours: () => ours.roundTrip(count),
        theirs: () => theirs.roundTrip(count),
        relayed: () => relayed.roundTrip(count),
        bare: () => echo.roundTrip(count),
        python: python && (() => python.ask('round_trip', count)),
      },
      { rounds: quick ? 3 : 11 },
    );
    const tripsAgainst = [
      { name: 'ssh HOST cat', samples: trips.bare },
      { name: EXECNET, samples: trips.python },
    ];
    rows.push(
      row({ what: 'round trip', unit: 'ms', samples: trips.ours, against: tripsAgainst }),
      row({
        what: 'round trip, ssh_client=openssh',
        unit: 'ms',
        samples: trips.theirs,
        against: tripsAgainst,
      }),
      row({
        what: 'round trip through that gateway',
        unit: 'ms',
        samples: trips.relayed,
        against: [{ name: 'without via', samples: trips.ours, aim: { most: 1.5 } }],
      }),
    );

    const blocks = quick ? 20 : 200;
    const block = new Uint8Array(MEBIBYTE);
    const bareOut = async (): Promise<number> => {
      await using sink = new SshCommand(config, alias, 'echo; cat >/dev/null; echo');
      await sink.started();
      return await rate(blocks, () => sink.out(blocks, block));
    };
    const bareIn = async (): Promise<number> => {
      await using source = new SshCommand(config, alias, `echo; head -c ${blocks * MEBIBYTE} /dev/zero`);
      await source.started();
      return await rate(blocks, () => source.in());
    };
    for (const direction of ['out', 'in'] as const) {
      const taken = await interleave(
        {
          ours: () => ours[direction](blocks),
          theirs: () => theirs[direction](blocks),
          relayed: () => relayed[direction](blocks),
          bare: direction === 'out' ? bareOut : bareIn,
          python: python && (() => python.ask(`bulk_${direction}`, blocks)),
        },
        { rounds: quick ? 3 : 7 },
      );
      const where = direction === 'out' ? 'to' : 'from';
      const unit = 'bytes per second';
      const against = [
        { name: 'ssh HOST cat', samples: taken.bare, aim: { least: 1 } },
        { name: EXECNET, samples: taken.python },
      ];
      rows.push(
        row({ what: `1 MiB ${where} the remote end`, unit, samples: taken.ours, against }),
        row({
          what: `1 MiB ${where} the remote end, ssh_client=openssh`,
          unit,
          samples: taken.theirs,
          against,
        }),
        row({
          what: `1 MiB ${where} one through that gateway`,
          unit,
          samples: taken.relayed,
          against: [{ name: 'without via', samples: taken.ours, aim: { least: 0.5 } }],
        }),
      );
    }
    if (python) await python.ask('use', null);
    return rows;
  },
};
