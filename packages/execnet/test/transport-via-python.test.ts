import { transportSuite } from '@execnet/conformance';
import { popen, python, pythonExecmodels, type SpecObject, ssh } from 'execnet';
import * as assert from 'uvu/assert';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { middlePythons } from './fixtures/pythons.ts';
import { leftBehind } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { spread, suite, test } from './fixtures/tests.ts';
import { TransportGroup } from './fixtures/transports.ts';

const { reasons } = available();
const missing = reasons.sshd ?? reasons.ssh;

if (missing !== undefined || middlePythons.length === 0) {
  testOn(['sshd', 'ssh'], 'the transport suite via Python', () => {
    throw new Error(missing ?? 'there is no Python to try');
  });
  test.run();
} else {
  // before any suite is there: the runner begins when this module waits
  const host = await startSshd();
  const { kind, path } = runningInterpreter();
  const own: SpecObject = { [kind]: path };
  const plugins = [popen(), ssh(), python(), ...pythonExecmodels()];
  const groups: TransportGroup[] = [];

  for (const { value, part } of spread(middlePythons)) {
    const { name, path } = value;
    const middles: SpecObject[] = [{ popen: true, python: path, id: 'middle' }];
    const beside = new TransportGroup({
      name: `popen via ${name}`,
      part,
      transport: popen(),
      spec: { popen: true, via: 'middle', ...own },
      middles,
      plugins: plugins.slice(1),
    });
    transportSuite(`popen via ${name}`, beside);
    groups.push(beside);
    // each check logs in; what differs between the Pythons is behind the same code
    if (name !== middlePythons[0]?.name) continue;
    const behind = new TransportGroup({
      name: `ssh via ${name}`,
      part,
      transport: ssh(),
      spec: { ssh: host.alias, ssh_config: host.config, via: 'middle', ...own },
      middles,
      plugins: plugins.toSpliced(1, 1),
      lacks: ['high codes', 'end of output'],
    });
    transportSuite(`ssh via ${name}`, behind);
    groups.push(behind);
  }

  const end = suite('the end');
  end('nothing is left behind the server', async () => {
    for (const group of groups) await group[Symbol.asyncDispose]();
    assert.equal(await leftBehind(host), []);
  });
  end.after(() => host.stop());
  end.run();
}
