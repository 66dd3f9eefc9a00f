import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Host } from '../../../tools/hosts/host.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import type { Interpreter } from '../../../tools/lib/interpreters.mjs';
import {
  EXECNET_REMOTE,
  hasExecnet,
  runScenario,
  startPython,
  testWithPython,
} from './fixtures/execnet-python.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { leftBehind } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { type AddTest, interpretersOfRun, test, tier } from './fixtures/tests.ts';

/** The promise is 2 s; a dozen interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

const specOn = ({ alias, config }: Host, python: string): string =>
  `ssh=${alias}//ssh_config=${config}//python=${python}`;

const commandOf = ({ path }: Interpreter): string => `${EXECNET_REMOTE} ${path}`;

/** Scenarios that are tried over ssh too. */
const SCENARIOS = [
  ['execnet_values', 'first_example'],
  ['execnet_values', 'large_back'],
  ['execnet_values', 'both_ways_at_once'],
  ['execnet_channels', 'closed_by_python'],
  ['execnet_channels', 'ended_by_javascript'],
  ['execnet_channels', 'dropped_with_a_callback'],
  ['execnet_groups', 'status'],
  ['execnet_groups', 'terminate'],
  ['execnet_spec', 'configuration'],
] as const;

/** Needs servers, and execnet of Python. */
function testOverSsh(title: string, body: () => Promise<void>, on: AddTest = test): void {
  if (hasExecnet) testOn(['sshd', 'ssh'], title, body, on);
  else testWithPython(title, body, on);
}

for (const interpreter of sharedEnds) {
  for (const [script, scenario] of SCENARIOS) {
    const reaches = async (): Promise<void> => {
      await using host = await startSshd();
      const folder = mkdtempSync(join(tmpdir(), 'execnet-'));
      try {
        await runScenario(script, scenario, [
          specOn(host, commandOf(interpreter)),
          ...(scenario === 'configuration' ? [folder] : []),
        ]);
      } finally {
        rmSync(folder, { recursive: true });
      }
      assert.equal(await leftBehind(host), []);
    };
    testOverSsh(`Python reaches it over ssh: ${scenario}`, reaches, interpreter.test);
  }

  const killed = async (): Promise<void> => {
    await using host = await startSshd();
    await using program = startPython('execnet_held', [
      specOn(host, commandOf(interpreter)),
      // the others are tried beside Python
      ...(tier === 'all' ? [] : ['blocks', 'spins', 'sends what nobody reads']),
    ]);
    await program.said();
    assert.ok(host.processes().length > 0);
    program.child.kill('SIGKILL');
    await program.ended;
    assert.equal(await leftBehind(host, LIMIT), []);
  };
  testOverSsh('SIGKILL of Python leaves nothing behind over ssh', killed, interpreter.test);
}

testOverSsh('the command is found by its name, and starts the node that is found by its own', async () => {
  const node = interpretersOfRun.remotes.find(({ kind }) => kind === 'node') as Interpreter;
  const PATH = [dirname(EXECNET_REMOTE), dirname(node.path), '/usr/bin', '/bin'].join(delimiter);
  await using host = await startSshd({ env: { PATH } });
  for (const spec of [specOn(host, 'execnet-remote'), 'popen//python=execnet-remote'])
    await runScenario('execnet_values', 'first_example', [spec], { PATH });
});

test.run();
