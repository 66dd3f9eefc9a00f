// `python=` and its options: what is started, what it leaves behind, and what is said when it can't be started.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { childrenOf, isRunning, stillRunning } from './fixtures/processes.ts';
import { pythonSpec, sharedPythons, usualPython, withoutPython } from './fixtures/pythons.ts';
import { Folder } from './fixtures/ssh-clients.ts';
import { ECHOED } from './fixtures/start-failures.ts';
import { test } from './fixtures/tests.ts';

/** In milliseconds. The promise is 2 s; a busy machine needs a margin. */
const LIMIT = 4000;

const evaluate = async (gateway: Gateway, expression: string): Promise<unknown> =>
  await gateway.remoteExec(`import os, sys\nchannel.send(${expression})`).receive();

for (const python of sharedPythons) {
  const { path } = python;

  python.test('a path with spaces, quotes and a newline in it', async () => {
    using folder = new Folder();
    const odd = join(folder.path, "a folder's\nname");
    mkdirSync(odd);
    const link = join(odd, 'my python');
    writeFileSync(link, `#!/bin/sh\nexec '${path}' "$@"\n`, { mode: 0o755 });
    await using group = new Group();
    const gateway = await group.makeGateway({ popen: true, python: `"${link}"` });
    assert.is(await evaluate(gateway, '6 * 7'), 42);
  });

  python.test('a wrapper may print before it starts the interpreter, and stay beside it', async () => {
    using folder = new Folder();
    const noisy = folder.file(
      'noisy',
      `#!/bin/sh\necho Welcome\nprintf 'no newline, \\0 and \\377'\nexec '${path}' "$@"\n`,
    );
    const staying = folder.file('staying', `#!/bin/sh\n'${path}' "$@"\nexit $?\n`);
    await using group = new Group();
    for (const wrapper of [noisy, staying]) {
      const gateway = await group.makeGateway({ popen: true, python: wrapper, stdio: 'ignore' });
      assert.is(await evaluate(gateway, '6 * 7'), 42);
      const { pid } = gateway.peer;
      await gateway.terminate();
      assert.not(isRunning(pid));
    }
  });

  python.test('nothing is left on disk, with dont_write_bytecode not even by what is imported', async () => {
    using folder = new Folder();
    const module = folder.file('jobs_of_a_test.py', 'def twice(n): return 2 * n\n');
    const filesIn = (): string[] =>
      readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).toSorted();
    const before = filesIn();
    await using group = new Group();
    const bare = {
      popen: true as const,
      python: path,
      chdir: folder.path,
      env: { TMPDIR: folder.path, HOME: folder.path, PYTHONDONTWRITEBYTECODE: '' },
    };
    const gateway = await group.makeGateway({ ...bare, dont_write_bytecode: true });
    assert.is(await evaluate(gateway, 'sys.dont_write_bytecode'), true);
    assert.is(await gateway.call(new URL('#twice', pathToFileURL(module)), { n: 21 }).catch(String), 42);
    assert.is(
      await gateway
        .remoteExec(
          'import sys; sys.path.insert(0, args); import jobs_of_a_test; channel.send(jobs_of_a_test.twice(4))',
          folder.path,
        )
        .receive(),
      8,
    );
    await gateway.terminate();
    assert.equal(filesIn(), before);
    const writing = await group.makeGateway(bare);
    assert.is(await evaluate(writing, 'bool(sys.dont_write_bytecode)'), false);
    await writing.terminate();
    assert.equal(filesIn(), before);
  });

  python.test(
    'a module of the working folder is no stand-in for one of the library while it starts',
    async () => {
      using folder = new Folder();
      for (const module of ['struct', 'threading', 'json', 'signal', 'zlib'])
        folder.file(`${module}.py`, 'raise SystemExit("the wrong module")\n');
      await using group = new Group();
      const gateway = await group.makeGateway({ popen: true, python: path, chdir: folder.path });
      assert.is(await evaluate(gateway, '6 * 7'), 42);
    },
  );
}

if (usualPython === undefined) withoutPython();
else {
  const python = usualPython;

  test('sudo starts it, and what it runs ends with the gateway', async () => {
    const { status } = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
    assert.is(status, 0, 'sudo is installed, and asks nobody');
    await using group = new Group();
    const gateway = await group.makeGateway({
      popen: true,
      python: `sudo -n ${python.path}`,
      stdio: 'ignore',
      env: { FROM_THE_SPEC: 'yes' },
      nice: 2,
    });
    assert.is(await evaluate(gateway, "os.environ.get('SUDO_USER') is not None"), true);
    const child = (await gateway
      .remoteExec(
        "import subprocess; channel.send(subprocess.Popen(['sleep', '1000']).pid)\nwhile True: pass",
      )
      .receive()) as number;
    const pids = [gateway.peer.pid, child];
    assert.equal(pids.filter(isRunning), pids);
    await gateway.terminate({ timeout: 200 });
    // it is in a group that the local end may not look into: what was killed there may take a moment to go
    assert.equal(await stillRunning(pids, LIMIT), []);
  });

  test('without a command it is python3 of the PATH', async () => {
    using folder = new Folder();
    symlinkSync(python.path, join(folder.path, 'python3'));
    const { PATH } = process.env;
    await using group = new Group();
    process.env['PATH'] = `${folder.path}:/usr/bin:/bin`;
    try {
      const gateway = await group.makeGateway('popen//python');
      assert.is(realpathSync(gateway.peer.executable), realpathSync(python.path));
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  for (const [title, value, code, said] of [
    ['no such program', '/nowhere/python', 'ERR_EXECNET_INTERPRETER_NOT_FOUND', /"\/nowhere\/python"/],
    ['a folder', '/etc', 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', /"\/etc"/],
    ['a program that ends at once', 'false', 'ERR_EXECNET_NOT_AN_INTERPRETER', /"?false"? ended with code 1/],
    ['a program that is no Python', 'cat', 'ERR_EXECNET_NOT_AN_INTERPRETER', /cat/],
    ['a program that prints what it is to run', 'echo', 'ERR_EXECNET_NOT_AN_INTERPRETER', ECHOED],
    ['a quote that does not end', '"python3', 'ERR_EXECNET_SPEC', /python/],
  ] as const)
    test(`${title} is refused, and leaves nothing`, async () => {
      const before = new Set(childrenOf(process.pid));
      const group = new Group();
      const error = await failureOf(group.makeGateway({ popen: true, python: value, stdio: 'ignore' }));
      assert.is(error.code, code, error.stack);
      assert.match(error.message, said);
      assert.is(group.size, 0);
      assert.equal(
        childrenOf(process.pid).filter((pid) => !before.has(pid)),
        [],
      );
    });

  test('an execution model of JavaScript is refused with those that there are', async () => {
    const group = new Group();
    for (const model of ['worker', 'structured', 'nonsense']) {
      const error = await failureOf(group.makeGateway(pythonSpec(python, `execmodel=${model}`)));
      assert.is(error.code, 'ERR_EXECNET_UNKNOWN_EXECMODEL');
      assert.match(error.message, `"${model}" for python ends`);
      assert.match(error.message, 'registered: thread, main_thread_only, eventlet, gevent');
    }
    assert.is(group.size, 0);
  });

  test.run();
}
