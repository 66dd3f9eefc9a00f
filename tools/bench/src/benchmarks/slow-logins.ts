import { Group } from 'execnet';
import { startSshd } from '../../../hosts/sshd.mjs';
import type { Benchmark } from '../benchmark.ts';
import { interleave, milliseconds } from '../rounds.ts';
import { row } from '../row.ts';

/** Seconds that a login takes there, as with pyenv or nvm. */
const LOGIN = 1.5;

const COUNT = 15;

/** The end of idle gateways to one host where logins are slow: it needs no login, and so does not wait for one. */
export const slowLogins: Benchmark = {
  name: 'slow-logins',
  title: `Over ssh, behind logins of ${LOGIN} s`,
  async run({ quick, node }) {
    await using host = await startSshd({ shell: 'bash', rc: `sleep ${LOGIN}` });
    const spec = `ssh=${host.alias}//ssh_config=${host.config}//node=${node}`;
    const { ended } = await interleave(
      {
        ended: async () => {
          await using group = new Group();
          await group.makeGateways(Array.from({ length: COUNT }, () => spec));
          return await milliseconds(() => group.terminate({ timeout: 3000 }));
        },
      },
      { rounds: quick ? 1 : 5 },
    );
    return [
      row({ what: `terminate() of ${COUNT} gateways`, unit: 'ms', samples: ended, aim: { most: 3000 } }),
    ];
  },
};
