import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'uvu';
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
import { oneOfEachKind } from './fixtures/interpreters.ts';
import { leftBehind } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';

/** The promise is 2 s; a dozen interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

const specOn = ({ alias, config }: Host, python: string): string =>
  `ssh=${alias}//ssh_config=${config}//python=${python}`;

const commandOf = ({ path }: Interpreter): string => `${EXECNET_REMOTE} ${path}`;

/** Needs servers, and execnet of Python. */
function testOverSsh(title: string, body: () => Promise<void>): void {
  if (hasExecnet) testOn(['sshd', 'ssh'], title, body);
  else testWithPython(title, body);
}

for (const interpreter of oneOfEachKind) {
  testOverSsh(`${interpreter.name}: Python reaches it over ssh`, async () => {
    await using host = await startSshd();
    const spec = specOn(host, commandOf(interpreter));
    await runScenario('execnet_values', 'first_example', [spec]);
    await runScenario('execnet_values', 'large_back', [spec]);
    await runScenario('execnet_values', 'both_ways_at_once', [spec]);
    await runScenario('execnet_groups', 'status', [spec]);
    await runScenario('execnet_groups', 'terminate', [spec]);
    const folder = mkdtempSync(join(tmpdir(), 'execnet-'));
    try {
      await runScenario('execnet_spec', 'configuration', [spec, folder]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.equal(await leftBehind(host), []);
  });

  testOverSsh(`${interpreter.name}: SIGKILL of Python leaves nothing behind over ssh`, async () => {
    await using host = await startSshd();
    await using program = startPython('execnet_held', [specOn(host, commandOf(interpreter))]);
    await program.said();
    assert.ok(host.processes().length > 0);
    program.child.kill('SIGKILL');
    await program.ended;
    assert.equal(await leftBehind(host, LIMIT), []);
  });
}

testOverSsh('the command is found by its name, and starts the node that is found by its own', async () => {
  const node = oneOfEachKind.find(({ kind }) => kind === 'node') as Interpreter;
  const PATH = [dirname(EXECNET_REMOTE), dirname(node.path), '/usr/bin', '/bin'].join(delimiter);
  await using host = await startSshd({ env: { PATH } });
  for (const spec of [specOn(host, 'execnet-remote'), 'popen//python=execnet-remote'])
    await runScenario('execnet_values', 'first_example', [spec], { PATH });
});

test.run();
