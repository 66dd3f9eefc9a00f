// Remote ends in Python behind a server: what holds beside the program holds there, over both clients.
import * as conformance from '@execnet/conformance';
import { type Channel, ConnectionLostError, type Gateway, Group, type SpecObject } from 'execnet';
import * as assert from 'uvu/assert';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { type Part, whole } from '../../../tools/lib/deal.mjs';
import type { Python } from '../../../tools/lib/pythons.mjs';
import { failureOf } from './fixtures/failure.ts';
import { isA } from './fixtures/is-a.ts';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { PYTHON_CHILDREN } from './fixtures/python-children.mjs';
import { oneOfEach, usualPython } from './fixtures/pythons.ts';
import { CLIENTS, type Client, leftBehind } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { interpretersOfRun, spread, suite, test, tier, wanting } from './fixtures/tests.ts';

/** The promise is 2 s; what stands behind a server that forks, on two cores, needs a margin. */
const LIMIT = 5000;

const { reasons } = available();
const missing = reasons.sshd ?? reasons.ssh;
// before any suite is there: the runner begins when this module waits
const host = missing === undefined ? await startSshd() : undefined;

if (host === undefined || usualPython === undefined) {
  testOn(['sshd', 'ssh'], 'remote ends in Python over ssh', () => {
    throw new Error(missing ?? 'there is no Python to try');
  });
  test.run();
} else {
  const at = ({ path }: Python, client: Client, fields: SpecObject = {}): SpecObject => ({
    ssh: host.alias,
    ssh_config: host.config,
    ssh_client: client,
    python: path,
    ...fields,
  });

  const group = new Group();
  const over = (python: Python, client: Client, part: Part): conformance.PythonFixture => ({
    wants: wanting(part, { remote: python.name, transport: client }),
    version: python.version,
    runtime: python.runtime,
    separateStdout: false,
    makeGateway: (fields) => group.makeGateway(at(python, client, fields)),
  });

  const suites = [
    conformance.pythonCallbackSuite,
    conformance.pythonCancellingSuite,
    conformance.pythonChannelSuite,
    conformance.pythonClosingSuite,
    conformance.pythonGarbageSuite,
    conformance.pythonHalfClosedSuite,
    conformance.pythonLeftBehindSuite,
    conformance.pythonStreamSuite,
    conformance.pythonExposingSuite,
    conformance.pythonProcessSuite,
    conformance.pythonScheduleSuite,
    conformance.pythonServiceSuite,
    conformance.pythonErrorSuite,
    conformance.pythonExecutingSuite,
    conformance.pythonFileSuite,
    conformance.pythonFlowSuite,
    conformance.pythonMultiChannelSuite,
    conformance.pythonPrintSuite,
    conformance.pythonStatusSuite,
    conformance.pythonStringSuite,
    conformance.pythonValueSuite,
  ];
  // what is between the ends knows nothing of Python, and other files try all of it
  for (const { value: client, part } of spread(CLIENTS, 4))
    for (const suite of suites)
      suite(`${usualPython.name} over ssh_client=${client}`, over(usualPython, client, part));
  // what versions differ in
  for (const python of tier === 'all' ? interpretersOfRun.pythons : [])
    if (python !== usualPython)
      for (const suite of [conformance.pythonExecutingSuite, conformance.pythonValueSuite])
        suite(`${python.name} over ssh`, over(python, 'ssh2', whole));

  /** The pids of the remote end, and of the child and grandchild that its code has, which then does `what`. */
  const begin = async (gateway: Gateway, what: string): Promise<{ channel: Channel; pids: number[] }> => {
    const channel = gateway.remoteExec(PYTHON_CHILDREN + what);
    const pids = [gateway.peer.pid, ...((await channel.receive()) as number[])];
    assert.equal(pids.filter(isRunning), pids);
    return { channel, pids };
  };

  for (const python of oneOfEach) {
    // a machine of Java that starts answers no ping for seconds
    const keepalive = python.runtime === 'jython' ? 3 : 1;
    for (const client of CLIENTS) {
      // a machine of Java takes seconds to start: over one of the clients
      if (python.runtime === 'jython' && client === 'openssh') continue;
      const on = (title: string, body: (spec: SpecObject) => Promise<void>): void =>
        void python.test(`${client}: ${title}`, async () => {
          await body(at(python, client, { stdio: 'ignore' }));
        });

      on('terminate ends code that computes, its child and grandchild', async (spec) => {
        await using group = new Group();
        const gateway = await group.makeGateway(spec);
        const { channel, pids } = await begin(gateway, 'while True: pass');
        const pending = failureOf(channel.receive());
        await gateway.terminate({ timeout: 200 });
        assert.equal(pids.filter(isRunning), [], 'nothing is left when terminate resolves');
        await pending;
      });

      on('the end of a remote end is told with its code, and its children go with it', async (spec) => {
        await using group = new Group();
        // OpenSSH's server tells its own client of no end as long as a child holds stderr: then the lease does
        const gateway = await group.makeGateway({ ...spec, keepalive });
        const { channel, pids } = await begin(gateway, 'channel.receive()\nimport os\nos._exit(3)');
        await channel.send(null);
        const lost = await failureOf(channel.receive());
        isA(lost, ConnectionLostError);
        if (client === 'ssh2') assert.is(lost.exitCode, 3);
        assert.equal(await stillRunning(pids, LIMIT), []);
      });

      on('a remote end that is killed takes its children along', async (spec) => {
        await using group = new Group();
        const gateway = await group.makeGateway({ ...spec, keepalive });
        const { channel, pids } = await begin(gateway, 'channel.receive()');
        process.kill(gateway.peer.pid, 'SIGKILL');
        isA(await failureOf(channel.receive()), ConnectionLostError);
        assert.equal(await stillRunning(pids, LIMIT), []);
      });

      on('after SIGKILL of the local process nothing is left, whatever it runs', async (spec) => {
        const words = Object.entries(spec).map(([field, value]) => `${field}=${String(value)}`);
        await using program = startProgram('python-held.mjs', [
          words.join('//'),
          'computes in both',
          'exits when the connection is lost',
          // a machine of Java has no such lock
          ...(python.runtime === 'jython' ? [] : ['holds the lock of the interpreter']),
        ]);
        const pids = Object.values(await program.said<Record<string, number[]>>()).flat();
        assert.equal(pids.filter(isRunning), pids);
        program.child.kill('SIGKILL');
        await program.ended;
        assert.equal(await stillRunning(pids, LIMIT), []);
      });

      on('a program ends by itself with a gateway that it leaves open', async (spec) => {
        const words = Object.entries(spec).map(([field, value]) => `${field}=${String(value)}`);
        await using program = startProgram('python-called.mjs', [words.join('//')]);
        const pids = await program.said<number[]>();
        const { code, stderr } = await program.ended;
        assert.equal([code, stderr], [0, '']);
        assert.equal(await stillRunning(pids, LIMIT), []);
      });
    }
  }

  for (const client of CLIENTS) {
    test(`${client}: what can't be started is told`, async () => {
      await using group = new Group();
      for (const [value, code, said] of [
        ['/nowhere/python', 'ERR_EXECNET_INTERPRETER_NOT_FOUND', /\/nowhere\/python/],
        ['false', 'ERR_EXECNET_NOT_AN_INTERPRETER', /false/],
      ] as const) {
        const error = await failureOf(
          group.makeGateway(at({ ...usualPython, path: value } as Python, client, { stdio: 'ignore' })),
        );
        assert.is(error.code, code, error.stack);
        assert.match(error.message, said);
      }
      assert.is(group.size, 0);
    });
  }

  test.run();

  const end = suite('the end');
  end('nothing is left behind the server', async () => {
    await group.terminate();
    assert.equal(await leftBehind(host), []);
  });
  end.after(() => host.stop());
  end.run();
}
