import { transportSuite } from '@execnet/conformance';
import { popen, type SpecObject, ssh } from 'execnet';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { testOn } from './fixtures/ssh-hosts.ts';
import { spread, suite, test } from './fixtures/tests.ts';
import { TransportGroup, type Way } from './fixtures/transports.ts';

const { reasons } = available();
const missing = reasons.sshd ?? reasons.ssh;
// before any suite is there: the runner begins when this module waits
const hosts =
  missing === undefined
    ? ([await startSshd({ alias: 'host' }), await startSshd({ alias: 'other' })] as const)
    : undefined;

const { kind, path } = runningInterpreter();
const own: SpecObject = { [kind]: path };
const via: SpecObject = { via: 'middle', ...own };

const beside: Way = {
  name: 'popen via popen',
  transport: popen(),
  spec: { popen: true, ...via },
  middles: [{ popen: true, id: 'middle', ...own }],
};

if (!hosts) {
  transportSuite(beside.name, new TransportGroup(beside));
  testOn(['sshd', 'ssh'], 'the transport suite via ssh', () => Promise.reject(new Error(missing)));
  test.run();
} else {
  const [host, other] = hosts;
  const middle: SpecObject = { ssh: 'host', ssh_config: host.config, id: 'middle', ...own };
  const ways: Way[] = [
    beside,
    {
      name: 'popen via ssh',
      transport: popen(),
      spec: { popen: true, ...via },
      middles: [middle],
      plugins: [ssh()],
    },
    {
      name: 'ssh via ssh',
      transport: ssh(),
      spec: { ssh: 'other', ssh_config: other.config, ...via },
      middles: [middle],
      lacks: ['high codes', 'end of output'],
    },
  ];
  const groups = spread(ways).map(({ value, part }) => new TransportGroup({ ...value, part }));
  for (const group of groups) transportSuite(group.name, group);

  const end = suite('the end');
  end('nothing is left behind the servers', async () => {
    for (const group of groups) await group[Symbol.asyncDispose]();
    for (const server of hosts)
      while (server.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  end.after(async () => {
    await Promise.all(hosts.map((server) => server.stop()));
  });
  end.run();
}
