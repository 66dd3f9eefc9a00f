// Gateways through one of Python, and of Python through others: `via=` with a Python in the middle, over popen and ssh.
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as conformance from '@execnet/conformance';
import { type Channel, ConnectionLostError, type Gateway, Group, type SpecObject } from 'execnet';
import * as assert from 'uvu/assert';
import { available } from '../../../tools/hosts/available.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import type { Part } from '../../../tools/lib/deal.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { generalShare } from '../../../tools/lib/suites.mjs';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { isA } from './fixtures/is-a.ts';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { PYTHON_CHILDREN } from './fixtures/python-children.mjs';
import { greenletsOf, middlePythons, oneOfEach, pythonSpec, usualPython } from './fixtures/pythons.ts';
import { leftBehind } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { assertStartFailures } from './fixtures/start-failures.ts';
import { spread, suite, test, tier, wanting } from './fixtures/tests.ts';

/** The promise is 2 s; interpreters that compute on two cores need a margin. */
const LIMIT = 5000;

const { reasons } = available();
const missing = reasons.sshd ?? reasons.ssh;
// before any suite is there: the runner begins when this module waits
const host = missing === undefined ? await startSshd() : undefined;

const { kind, path: ownPath } = runningInterpreter();
const own: SpecObject = { [kind]: ownPath };

const java = oneOfEach.find(({ runtime }) => runtime === 'jython');

const group = new Group();

for (const middle of middlePythons) {
  const { path } = middle;

  /** The middle, and one through it on the interpreter that runs this. */
  const pair = async (group: Group, spec: SpecObject = own): Promise<[Gateway, Gateway]> => {
    const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'stdio=ignore'));
    return [
      outer,
      await group.makeGateway({ popen: true, via: 'middle', id: 'leaf', stdio: 'ignore', ...spec }),
    ];
  };

  middle.test('it runs beside the middle gateway, as its spec says', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'via python ')));
    const group = new Group();
    try {
      const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'env:OUTER=1'));
      const inner = await group.makeGateway({
        popen: true,
        via: 'middle',
        chdir: join(folder, 'a\nb'),
        nice: 3,
        env: { INNER: "it's\n2" },
      });
      const told = await inner
        .remoteExec<unknown[]>(
          "import os; channel.send([os.getppid(), u'' + os.getcwd(), os.nice(0), [u'' + os.environ[n] for n in args]])",
          ['OUTER', 'INNER'],
        )
        .receive();
      assert.equal(told, [outer.peer.pid, join(folder, 'a\nb'), 3, ['1', "it's\n2"]]);
      // without a field: the interpreter that the middle runs on
      assert.is(inner.peer.executable, outer.peer.executable);
      assert.is(inner.remoteAddress, `popen:${inner.peer.pid} via middle`);
    } finally {
      await group.terminate();
      rmSync(folder, { recursive: true });
    }
  });

  // PyPy takes half a minute to be patched
  for (const model of middle.runtime === 'pypy' ? [] : greenletsOf(middle))
    middle.test(`its code may patch the standard library with ${model}`, async () => {
      await using group = new Group();
      const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'stdio=ignore'));
      await outer.remoteExec(conformance.PATCHES[model]).waitClose();
      const leaf = await group.makeGateway({ popen: true, via: 'middle', stdio: 'ignore', ...own });
      assert.is(await leaf.call((text) => text.length, 'x'.repeat(1_000_000)), 1_000_000);
      if (host !== undefined) {
        const behind: SpecObject = {
          ssh: host.alias,
          ssh_config: host.config,
          via: 'middle',
          stdio: 'ignore',
        };
        const dialed = await group.makeGateway({ ...behind, ...own });
        assert.is(await dialed.call((text) => text.length, 'x'.repeat(1_000_000)), 1_000_000);
        await dialed.terminate();
      }
      const { pid } = leaf.peer;
      await outer.terminate();
      assert.equal(await stillRunning([pid], LIMIT), []);
    });

  middle.test('it is made, works and ends while code in the middle computes', async () => {
    await using group = new Group();
    const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'stdio=ignore'));
    const busy = outer.remoteExec('channel.send(1)\nwhile True: pass');
    await busy.receive();
    const inner = await group.makeGateway({ popen: true, via: 'middle', ...own });
    const echo = inner.remoteExec(async (channel: Channel<string, string>) => {
      for await (const item of channel) await channel.send(item);
    });
    for (const item of ['a', '', 'x'.repeat(3_000_000)]) {
      await echo.send(item);
      assert.is(await echo.receive(), item);
    }
    // the relay is no execution, and its channels are none of the user's
    const { numExecuting, numChannels } = await outer.remoteStatus();
    assert.equal([numExecuting, numChannels], [1, 1]);
    await inner.terminate();
    assert.not(isRunning(inner.peer.pid));
    await outer.terminate({ timeout: 0 });
    await failureOf(busy.receive());
  });

  middle.test('descriptors of the middle are neither inherited nor left open', async () => {
    await using group = new Group();
    const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'stdio=ignore'));
    // one that children inherit, as each is that Python 2 makes
    const fd = await outer
      .remoteExec<number>('import fcntl\nchannel.send(fcntl.fcntl(2, fcntl.F_DUPFD, 40))')
      .receive();
    const open = () => readdirSync(`/proc/${outer.peer.pid}/fd`).length;
    const opened: number[] = [];
    for (let round = 0; round < 2; round++) {
      const inner = await group.makeGateways('4*popen//via=middle//python');
      for (const one of inner) {
        const theirs = readdirSync(`/proc/${one.peer.pid}/fd`).map(
          (number) => `${number} ${readlinkSync(`/proc/${one.peer.pid}/fd/${number}`)}`,
        );
        assert.not(
          theirs.some((name) => name.startsWith(`${fd} `)),
          theirs.join(', '),
        );
      }
      await Promise.all(inner.map((one) => one.terminate()));
      // its threads let go of what they read once it has ended
      for (let look = 0; look < 100 && open() > (opened[0] ?? 0); look++) await sleep(20);
      opened.push(open());
    }
    assert.is(opened[1], opened[0]);
  });

  middle.test('a middle that may open no more descriptors says so, and goes on', async () => {
    await using group = new Group();
    const [outer, inner] = await pair(group, { python: path });
    const limit = (source: string): Promise<void> =>
      outer
        .remoteExec(
          `import os, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (${source}, hard))`,
        )
        .waitClose();
    await limit("len(os.listdir('/proc/self/fd')) + 3");
    for (const fields of ['', '//nice=-1']) {
      const error = await failureOf(group.makeGateway(`popen//via=middle//python=${path}${fields}`));
      assert.is(error.code, 'ERR_EXECNET_SPAWN', error.stack);
      assert.match(error.message, /can not be started: .*Too many open files/);
    }
    assert.equal([await outer.call('abs', [-1]), await inner.call('abs', [-2])], [1, 2]);
    await limit('hard');
    const next = await group.makeGateway({ popen: true, via: 'middle', stdio: 'ignore', python: path });
    assert.is(await next.call('abs', [-3]), 3);
  });

  middle.test('others are started while its code starts processes that stay', async () => {
    await using group = new Group();
    const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'stdio=ignore'));
    const starting = outer.remoteExec(`
      import os, subprocess, time
      make_pipe = os.pipe
      def pipe():
          ends = make_pipe()
          # as if another thread had its turn before this one can mark them
          time.sleep(0.01)
          return ends
      os.pipe = pipe
      channel.send(1)
      while not channel.isclosed():
          subprocess.Popen(['sleep', '600'])
    `);
    await starting.receive();
    // each of them would wait for one of those processes that has inherited what says that the start went well
    for (let round = 0; round < 2; round++) {
      const inner = await group.makeGateways(
        `6*${pythonSpec(usualPython ?? middle, 'via=middle', 'stdio=ignore')}`,
      );
      await Promise.all(inner.map((one) => one.terminate()));
    }
    await outer.terminate({ timeout: 0 });
    await failureOf(starting.receive());
  });

  if (middle.runtime === 'cpython')
    middle.test('a middle that can start no thread for it says so', async () => {
      await using group = new Group();
      const outer = await group.makeGateway(pythonSpec(middle, 'id=middle', 'stdio=ignore'));
      await outer
        .remoteExec(
          "import resource\nfor line in open('/proc/self/status'):\n    if line.startswith('VmSize'):\n        resource.setrlimit(resource.RLIMIT_AS, ((int(line.split()[1]) << 10) + (4 << 20),) * 2)",
        )
        .waitClose();
      const error = await failureOf(group.makeGateway({ popen: true, via: 'middle', ...own }));
      assert.is(error.code, 'ERR_EXECNET_CONNECTION_LOST');
      assert.match(error.message, /^the relay of middle \(popen:\d+\) ended: \w+: can't start new thread/);
      assert.is(await outer.call('abs', [-1]), 1);
    });

  middle.test('when the middle is killed, that is the reason, and the far side is gone', async () => {
    await using group = new Group();
    const [outer, inner] = await pair(group);
    const channel = inner.remoteExec(`${CHILDREN} for (;;);`);
    const pids = [inner.peer.pid, ...((await channel.receive()) as number[])];
    const pending = failureOf(channel.receive());
    process.kill(outer.peer.pid, 'SIGKILL');
    const error = await pending;
    isA(error, ConnectionLostError);
    assert.match(error.message, /^leaf \(.*middle \(.*\): its remote end was ended by SIGKILL/);
    assert.equal(await stillRunning(pids, LIMIT), []);
    await inner.join();
    assert.is(group.size, 0);
  });

  middle.test('terminating the middle takes the tree down from its leaves', async () => {
    await using group = new Group();
    const [outer, inner] = await pair(group, { python: path });
    const leafmost = await group.makeGateway({ popen: true, via: 'leaf', stdio: 'ignore', ...own });
    const ends: string[] = [];
    for (const gateway of [outer, inner, leafmost]) gateway.whenEnded(() => ends.push(gateway.id));
    const children = (await inner.remoteExec(`${PYTHON_CHILDREN}while True: pass`).receive()) as number[];
    const channel = leafmost.remoteExec(`${CHILDREN}
      try { channel.receiveSync() } finally { channel.sendSync('cleaned up') }`);
    children.push(...((await channel.receive()) as number[]));
    const last = channel.receive();
    await outer.terminate({ timeout: 1000 });
    assert.is(await last, 'cleaned up');
    assert.equal(ends, [leafmost.id, 'leaf', 'middle']);
    const pids = [...children, ...[outer, inner, leafmost].map(({ peer }) => peer.pid)];
    assert.equal(await stillRunning(pids, LIMIT), []);
  });

  middle.test(`what can't be started is told as it would be here, with the place`, async () => {
    await using group = new Group();
    await group.makeGateway(pythonSpec(middle, 'id=middle'));
    await assertStartFailures(group, 'python');
    // nothing of that is left, and the next one finds a relay that works
    const inner = await group.makeGateway({ popen: true, via: 'middle', ...own });
    assert.is(await inner.call(() => 1), 1);
  });

  middle.test('after SIGKILL of the local process nothing is left, whatever computes', async () => {
    await using program = startProgram('python-nested.mjs', [
      pythonSpec(middle, 'stdio=ignore'),
      pythonSpec(middle, 'stdio=ignore'),
    ]);
    const pids = await program.said<number[]>();
    assert.is(pids.length, 9);
    assert.equal(pids.filter(isRunning), pids);
    program.child.kill('SIGKILL');
    await program.ended;
    assert.equal(await stillRunning(pids, LIMIT), []);
  });
}

if (java !== undefined)
  java.test('it is no middle, which is said; it may be at the end', async () => {
    await using group = new Group();
    await group.makeGateway(pythonSpec(java, 'id=java', 'stdio=ignore'));
    const error = await failureOf(group.makeGateway({ popen: true, via: 'java', ...own }));
    assert.is(error.code, 'ERR_EXECNET_UNSUPPORTED');
    assert.match(error.message, /^java \(popen:\d+\): Jython can neither start others nor connect to them/);
    const others: SpecObject[] =
      usualPython === undefined || usualPython.runtime === 'jython' ? [] : [{ python: usualPython.path }];
    // its machine takes seconds to start
    for (const middle of tier === 'all' ? [own, ...others] : [own]) {
      const outer = await group.makeGateway({ popen: true, ...middle });
      const leaf = await group.makeGateway({ popen: true, via: outer.id, python: java.path });
      assert.is(await leaf.call('len', ['abc']), 3);
      await outer.terminate();
      assert.not(isRunning(leaf.peer.pid));
    }
  });

const fixtureOf = (
  { name, version, runtime, path }: NonNullable<typeof usualPython>,
  id: string,
  { value: [transport, middle], part }: { value: [name: string, middle: SpecObject]; part: Part },
): conformance.PythonFixture => {
  let made: Promise<Gateway> | undefined;
  return {
    wants: wanting(part, { remote: name, transport }),
    version,
    runtime,
    makeGateway: async (fields = {}) => {
      made ??= group.makeGateway({ ...middle, id });
      await made;
      return await group.makeGateway({ popen: true, via: id, python: path, ...fields });
    },
  };
};

const suites = [
  conformance.pythonCancellingSuite,
  conformance.pythonChannelSuite,
  conformance.pythonClosingSuite,
  conformance.pythonExecutingSuite,
  conformance.pythonExposingSuite,
  conformance.pythonFileSuite,
  conformance.pythonGarbageSuite,
  conformance.pythonHalfClosedSuite,
  conformance.pythonLeftBehindSuite,
  conformance.pythonPrintSuite,
  conformance.pythonProcessSuite,
  conformance.pythonScheduleSuite,
  conformance.pythonServiceSuite,
  conformance.pythonStatusSuite,
  conformance.pythonStreamSuite,
];

if (usualPython !== undefined && usualPython.runtime !== 'jython') {
  const ways: Record<string, SpecObject> = {
    [`via ${kind}`]: { popen: true, ...own },
    'via python': { popen: true, python: usualPython.path },
    ...(host && {
      [`via ssh and ${kind}`]: { ssh: host.alias, ssh_config: host.config, ...own },
      'via ssh and python': { ssh: host.alias, ssh_config: host.config, python: usualPython.path },
    }),
  };
  for (const [n, way] of spread(Object.entries(ways), generalShare).entries()) {
    const name = way.value[0];
    const fixture = fixtureOf(usualPython, `way${n}`, way);
    for (const suite of suites) suite(`${usualPython.name} ${name}`, fixture);
  }
  if (host === undefined)
    testOn(['sshd', 'ssh'], 'ssh through Python', () => Promise.reject(new Error(missing)));
  else {
    const at: SpecObject = { ssh: host.alias, ssh_config: host.config, python: usualPython.path };
    test('ssh through a Python behind a server: nothing is left of it', async () => {
      await using group = new Group();
      const outer = await group.makeGateway({
        ...at,
        id: 'outer',
        stdio: 'ignore',
      });
      const inner = await group.makeGateway({
        ...at,
        via: 'outer',
        id: 'inner',
        stdio: 'ignore',
      });
      const children = (await inner.remoteExec(`${PYTHON_CHILDREN}while True: pass`).receive()) as number[];
      const pids = [outer.peer.pid, inner.peer.pid, ...children];
      assert.equal(pids.filter(isRunning), pids);
      await outer.terminate({ timeout: 200 });
      assert.equal(await stillRunning(pids, LIMIT), []);
    });
  }
}

test.run();

const end = suite('the end');
end('nothing is left', async () => {
  await group.terminate();
  assert.is(group.size, 0);
  if (host) assert.equal(await leftBehind(host), []);
});
end.after(async () => {
  await host?.stop();
});
end.run();
