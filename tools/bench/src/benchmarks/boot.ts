import { constants, deflateSync } from 'node:zlib';
import { node, Spec, thread } from 'execnet';
import { type Benchmark, EXECNET } from '../benchmark.ts';
import { interleave } from '../rounds.ts';
import { row } from '../row.ts';

/**
 * What has to be sent to turn a bare interpreter into a remote end: the loader in the arguments, and the preamble. Deflated as ssh could, whether or not
 * it is sent so; over a local connection it is not. execnet: the program that it sends where it is not installed.
 */
export const boot: Benchmark = {
  name: 'boot',
  title: 'Bytes sent to boot a bare remote end',
  async run({ python }) {
    const token = `execnet:${'0'.repeat(24)}:`;
    const { command, preamble } = await node().boot({
      id: 'gw0',
      spec: Spec.from('popen//node'),
      execmodel: thread(),
      token,
    });
    const sent = Buffer.concat([Buffer.from(command.args.join(' ')), preamble()]);
    const deflated = deflateSync(sent, { level: constants.Z_BEST_COMPRESSION });
    const taken = await interleave(
      {
        plain: () => sent.length,
        deflated: () => deflated.length,
        pythonPlain: python && (() => python.ask('boot_plain')),
        pythonDeflated: python && (() => python.ask('boot_deflated')),
      },
      { rounds: 1, warmUp: 0 },
    );
    return [
      row({
        what: 'plain',
        unit: 'bytes',
        samples: taken.plain,
        against: [{ name: EXECNET, samples: taken.pythonPlain }],
      }),
      row({
        what: 'deflated',
        unit: 'bytes',
        samples: taken.deflated,
        against: [{ name: EXECNET, samples: taken.pythonDeflated }],
        aim: { most: 20_000 },
      }),
    ];
  },
};
