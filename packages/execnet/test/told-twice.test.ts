// What libraries and the runtime tell may come a second time, or when all is over: it ends nothing else, and nobody who does not listen.
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { startProgram } from './fixtures/programs.ts';
import { onBothClients, specOn } from './fixtures/ssh-clients.ts';
import { interpretersOfRun, test } from './fixtures/tests.ts';

const { path } = interpretersOfRun.remotes.find(({ kind }) => kind === 'node') as { path: string };

/** Remote ends are told twice as well. */
const ALSO_THERE = `env:NODE_OPTIONS=--import=${fileURLToPath(new URL('fixtures/twice.mjs', import.meta.url))}`;

const EACH = [
  42,
  'from a process',
  0,
  'from a port',
  'ERR_EXECNET_REFUSED',
  'ERR_EXECNET_INTERPRETER_NOT_FOUND',
];

async function hold(...specs: readonly string[]): Promise<void> {
  await using program = startProgram('twice.mjs', specs);
  const { code, stdout, stderr } = await program.ended;
  assert.is(stderr, '');
  assert.is(code, 0);
  assert.equal(
    JSON.parse(stdout),
    specs.flatMap(() => [[EACH, EACH, EACH], 'ERR_EXECNET_CONNECTION_LOST']),
  );
}

test('what is told of processes and sockets twice, and late, disturbs nothing', () =>
  hold(`popen//node=${path}`, `popen//node=${path}//${ALSO_THERE}`));
onBothClients('nor does what is told of connections and their channels', async (client) => {
  await using host = await startSshd();
  await hold(specOn(host, client).replace('//stdio=ignore', ''));
});

test.run();
