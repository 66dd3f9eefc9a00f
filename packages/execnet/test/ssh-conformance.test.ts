import * as conformance from '@execnet/conformance';
import { type Gateway, Group, type SpecObject } from 'execnet';
import { suite, test } from 'uvu';
import * as assert from 'uvu/assert';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { testOn } from './fixtures/ssh-hosts.ts';
import { runGeneralSuitesOver } from './fixtures/suites.ts';

/**
 * Over each way to a remote end what holds for gateways of any kind. All of it over one way through a server and one through a gateway; over the
 * others what passes through other code of theirs: how code is sent, what travels, how it ends.
 */
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

runGeneralSuitesOver('popen via popen', {
  makeGateway: async (fields = {}) => {
    await through('beside', { popen: true, ...own });
    return await group.makeGateway({ popen: true, via: 'beside', ...own, ...fields });
  },
});

if (!hosts) {
  testOn(['sshd', 'ssh'], 'the suites over ssh', () => Promise.reject(new Error(missing)));
  test.run();
} else {
  const [host, other] = hosts;
  const at = ({ alias, config }: typeof host): SpecObject => ({ ssh: alias, ssh_config: config, ...own });

  runGeneralSuitesOver('ssh', {
    separateStdout: false,
    makeGateway: (fields = {}) => group.makeGateway({ ...at(host), ...fields }),
  });

  const openssh: conformance.GatewayFixture = {
    separateStdout: false,
    makeGateway: (fields = {}) => group.makeGateway({ ...at(host), ssh_client: 'openssh', ...fields }),
  };
  conformance.channelSuite('ssh_client=openssh', openssh);
  conformance.executingSuite('ssh_client=openssh', openssh);
  conformance.statusSuite('ssh_client=openssh', openssh);
  conformance.valueSuite('ssh_client=openssh', openssh);

  const viaSsh: conformance.GatewayFixture = {
    makeGateway: async (fields = {}) => {
      await through('there', at(host));
      return await group.makeGateway({ popen: true, via: 'there', ...own, ...fields });
    },
  };
  conformance.blockingSuite('popen via ssh', viaSsh);
  conformance.cancellingSuite('popen via ssh', viaSsh);
  conformance.channelSuite('popen via ssh', viaSsh);
  conformance.executingSuite('popen via ssh', viaSsh);
  conformance.fileSuite('popen via ssh', viaSsh);
  conformance.statusSuite('popen via ssh', viaSsh);

  const sshViaSsh: conformance.GatewayFixture = {
    separateStdout: false,
    makeGateway: async (fields = {}) => {
      await through('there', at(host));
      return await group.makeGateway({ ...at(other), via: 'there', ...fields });
    },
  };
  conformance.channelSuite('ssh via ssh', sshViaSsh);
  conformance.executingSuite('ssh via ssh', sshViaSsh);
  conformance.statusSuite('ssh via ssh', sshViaSsh);
  conformance.valueSuite('ssh via ssh', sshViaSsh);

  const end = suite('the end');
  end('nothing is left behind the servers', async () => {
    await group.terminate();
    for (const server of [host, other])
      while (server.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.is(group.size, 0);
  });
  end.after(async () => {
    await Promise.all([host.stop(), other.stop()]);
  });
  end.run();
}
