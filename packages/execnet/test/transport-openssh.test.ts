import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { transportSuite } from '@execnet/conformance';
import { ssh } from 'execnet';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { testOn } from './fixtures/ssh-hosts.ts';
import { suite, test } from './fixtures/tests.ts';
import { TransportGroup } from './fixtures/transports.ts';

const { reasons } = available();
const missing = reasons.sshd ?? reasons.ssh;

if (missing !== undefined) {
  testOn(['sshd', 'ssh'], 'the transport suite over OpenSSH', () => Promise.reject(new Error(missing)));
  test.run();
} else {
  // before any suite is there: the runner begins when this module waits
  const host = await startSshd();
  const { kind, path } = runningInterpreter();
  // some hundred logins of their own would take minutes: the clients share a connection that is there already
  const socket = join(host.folder, 'master');
  const master = spawn('ssh', ['-F', host.config, '-M', '-N', '-S', socket, host.alias], { stdio: 'ignore' });
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 5));

  const group = new TransportGroup({
    name: 'ssh_client=openssh',
    transport: ssh(),
    spec: {
      ssh: `-o ControlPath=${socket} ${host.alias}`,
      ssh_config: host.config,
      ssh_client: 'openssh',
      [kind]: path,
    },
    // what is written to the stdin of a child process Bun calls drained at once
    lacks: ['high codes', 'end of output', 'exit'],
  });
  transportSuite('ssh_client=openssh', group);

  const end = suite('the end');
  end('nothing is left behind the server', async () => {
    await group[Symbol.asyncDispose]();
    master.kill();
    if (master.exitCode === null && master.signalCode === null) await once(master, 'exit');
    while (host.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  end.after(() => host.stop());
  end.run();
}
