import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Group } from 'execnet';
import * as assert from 'uvu/assert';
import type { Host } from '../../../tools/hosts/host.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import {
  CLIENTS,
  type Client,
  check,
  leftBehind,
  onBothClients,
  ownInterpreter,
  refusalOf,
} from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** What a shell, or a careless program between, would misread. */
const ODD = `it's a "test" \\ $HOME \`id\` !! * ~ #\n\ttwo lines\\\n; exit 1 & | < > ( ) é 💥`;

/** The spec without an interpreter. */
const bareSpecOn = ({ alias, config }: Host, client: Client): string =>
  `ssh=${alias}//ssh_config=${config}//ssh_client=${client}//stdio=ignore`;

/** Every file and folder in a folder, with its size and time; without what Deno and fish keep for themselves, whatever they run. */
function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^\.(cache(\/deno|$)|local)/.test(name))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}

const NOISE = `
echo 'Last login: yesterday from execnet:0123456789abcdef:'
echo 'Welcome!' >&2
yes 'noise on stdout' | head -c 150000
yes 'noise on stderr' | head -c 150000 >&2
`;

for (const shell of ['sh', 'dash', 'bash', 'zsh', 'fish'] as const)
  for (const client of CLIENTS)
    testOn(
      client === 'openssh' ? ['sshd', 'ssh'] : ['sshd'],
      `${client}: the login shell is ${shell}, and noisy`,
      async () => {
        await using host = await startSshd({ shell, rc: NOISE });
        const before = listing(host.home);
        await using group = new Group();
        const gateway = await group.makeGateway({
          ssh: host.alias,
          ssh_config: host.config,
          ssh_client: client,
          ...Object.fromEntries([ownInterpreter().split('=') as [string, string]]),
          stdio: 'pipe',
          env: { ODD },
        });
        assert.is(await gateway.call(() => process.env['ODD']), ODD);
        assert.is(await gateway.call(() => process.cwd()), host.home);
        gateway.remoteExec('channel.sendSync(0); for (;;);');
        await gateway.terminate({ timeout: 0 });
        assert.equal(await leftBehind(host), []);
        assert.equal(listing(host.home), before, 'nothing is left on the disk');
      },
    );

for (const [shell, change] of [
  ['sh', 'PATH=/usr/bin:/bin:/odder'],
  ['zsh', 'path=(/usr/bin /bin /odder)'],
  ['fish', 'set -x PATH /usr/bin /bin /odder'],
] as const)
  onBothClients(`an interpreter that ${shell} does not find: the message has its PATH`, async (client) => {
    await using host = await startSshd({ shell, rc: `echo noise; ${change}` });
    const failure = await refusalOf(`${bareSpecOn(host, client)}//node=no-such-interpreter`);
    check(failure, 'ERR_EXECNET_INTERPRETER_NOT_FOUND', /PATH is \/usr\/bin:\/bin:\/odder\. /);
  });

onBothClients('a PATH without anything', async (client) => {
  await using host = await startSshd({ shell: 'bash', rc: 'PATH=/odder' });
  const failure = await refusalOf(bareSpecOn(host, client));
  check(failure, 'ERR_EXECNET_INTERPRETER_NOT_FOUND', /sh: .*not found/);
});

test.run();
