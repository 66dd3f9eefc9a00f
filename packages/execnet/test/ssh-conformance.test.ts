import type * as conformance from '@execnet/conformance';
import { type Gateway, Group, type SpecObject } from 'execnet';
import * as assert from 'uvu/assert';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { generalShare } from '../../../tools/lib/suites.mjs';
import { usualPython } from './fixtures/pythons.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { runGeneralSuitesOver } from './fixtures/suites.ts';
import { spread, suite, test, wanting } from './fixtures/tests.ts';

/** Over each way to a remote end what holds for gateways of any kind. */
const { reasons } = available();
const interpreter = runningInterpreter();
const own = { [interpreter.kind]: interpreter.path };

const missing = reasons.sshd ?? reasons.ssh;
// before any suite is there: the runner begins when this module waits
const hosts =
  missing === undefined
    ? ([await startSshd({ alias: 'host' }), await startSshd({ alias: 'other' })] as const)
    : undefined;

const group = new Group();
/** Gateways that others go through; made when the first one does. */
const middles = new Map<string, Promise<Gateway>>();

function through(id: string, fields: SpecObject): Promise<Gateway> {
  const made = middles.get(id) ?? group.makeGateway({ ...fields, id });
  middles.set(id, made);
  return made;
}

type Way = Omit<conformance.GatewayFixture, 'wants'>;

const ways: Record<string, Way> = {
  'popen via popen': {
    makeGateway: async (fields = {}) => {
      await through('beside', { popen: true, ...own });
      return await group.makeGateway({ popen: true, via: 'beside', ...own, ...fields });
    },
  },
};

if (usualPython !== undefined && usualPython.runtime !== 'jython') {
  const middle = { popen: true, python: usualPython.path };
  ways['popen via python'] = {
    makeGateway: async (fields = {}) => {
      await through('python', middle);
      return await group.makeGateway({ popen: true, via: 'python', ...own, ...fields });
    },
  };
}

if (hosts) {
  const [host, other] = hosts;
  const at = ({ alias, config }: typeof host): SpecObject => ({ ssh: alias, ssh_config: config, ...own });
  Object.assign(ways, {
    ssh: {
      separateStdout: false,
      makeGateway: (fields = {}) => group.makeGateway({ ...at(host), ...fields }),
    },
    'ssh_client=openssh': {
      separateStdout: false,
      makeGateway: (fields = {}) => group.makeGateway({ ...at(host), ssh_client: 'openssh', ...fields }),
    },
    'popen via ssh': {
      makeGateway: async (fields = {}) => {
        await through('there', at(host));
        return await group.makeGateway({ popen: true, via: 'there', ...own, ...fields });
      },
    },
    'ssh via ssh': {
      separateStdout: false,
      makeGateway: async (fields = {}) => {
        await through('there', at(host));
        return await group.makeGateway({ ...at(other), via: 'there', ...fields });
      },
    },
  } satisfies Record<string, Way>);
} else testOn(['sshd', 'ssh'], 'the suites over ssh', () => Promise.reject(new Error(missing)));

for (const { value, part } of spread(Object.entries(ways), generalShare)) {
  const [transport, way] = value;
  runGeneralSuitesOver(transport, { ...way, wants: wanting(part, { transport }) });
}
test.run();

const end = suite('the end');
end('nothing is left behind the servers', async () => {
  await group.terminate();
  for (const server of hosts ?? [])
    while (server.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.is(group.size, 0);
});
end.after(async () => {
  await Promise.all((hosts ?? []).map((host) => host.stop()));
});
end.run();
