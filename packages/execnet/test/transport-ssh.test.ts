import { transportSuite } from '@execnet/conformance';
import { type SpecObject, ssh } from 'execnet';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { testOn } from './fixtures/ssh-hosts.ts';
import { suite, test } from './fixtures/tests.ts';
import { TransportGroup } from './fixtures/transports.ts';

const { reasons } = available();
const missing = reasons.sshd ?? reasons.ssh;

if (missing !== undefined) {
  testOn(['sshd', 'ssh'], 'the transport suite over ssh', () => Promise.reject(new Error(missing)));
  test.run();
} else {
  // before any suite is there: the runner begins when this module waits
  const host = await startSshd();
  const { kind, path } = runningInterpreter();
  const spec: SpecObject = { ssh: host.alias, ssh_config: host.config, [kind]: path };

  const group = new TransportGroup({
    name: 'ssh',
    transport: ssh(),
    spec,
    lacks: ['high codes', 'end of output'],
  });
  transportSuite('ssh', group);

  const end = suite('the end');
  end('nothing is left behind the server', async () => {
    await group[Symbol.asyncDispose]();
    while (host.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  end.after(() => host.stop());
  end.run();
}
