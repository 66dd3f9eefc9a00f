import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import type { Interpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { stop } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

interface Folder extends Disposable {
  readonly path: string;
}

function temporaryFolder(): Folder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'execnet-fields-')));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** A test for every interpreter, with a group that ends with it. */
function onEvery(title: string, body: (group: Group, interpreter: Interpreter) => Promise<void>): void {
  for (const interpreter of sharedEnds) {
    interpreter.test(title, async () => {
      await using group = new Group();
      await body(group, interpreter);
    });
  }
}

const cwdOf = (gateway: Gateway): Promise<string> => gateway.call(() => process.cwd());

onEvery(
  'chdir is the working folder, also with spaces and newlines in its name, and is made if it is missing',
  async (group, { kind, path }) => {
    using folder = temporaryFolder();
    const missing = join(folder.path, 'deep down', 'with a\nnewline', 'and \'quotes" $HOME');
    const gateway = await group.makeGateway({ popen: true, [kind]: path, chdir: missing });
    assert.ok(existsSync(missing));
    assert.is(await cwdOf(gateway), missing);
    assert.is(gateway.peer.cwd, missing);
    assert.is(await cwdOf(await group.makeGateway({ popen: true, [kind]: path, chdir: missing })), missing);
    // a working folder must not be taken away from under an interpreter
    await group.terminate();
  },
);

onEvery(
  'what code imports and requires by a relative path lies in the working folder, on every thread',
  async (group, { kind, path }) => {
    using folder = temporaryFolder();
    const chdir = join(folder.path, 'a folder # of #');
    mkdirSync(chdir);
    writeFileSync(join(chdir, 'module.mjs'), 'export const kind = "module";');
    writeFileSync(join(chdir, 'script.cjs'), 'exports.kind = "script";');
    for (const execmodel of ['thread', 'worker']) {
      const gateway = await group.makeGateway({ popen: true, [kind]: path, chdir, execmodel });
      const channel = gateway.remoteExec(`
        await channel.send((await import('./module.mjs')).kind);
        await channel.send((await import('./script.cjs')).default.kind);
        await channel.send(require('./script.cjs').kind);
        await channel.send((await (0, eval)("import('./module.mjs')")).kind);`);
      for (const found of ['module', 'script', 'script', 'module'])
        assert.is(await channel.receive(), found, execmodel);
    }
    await group.terminate();
  },
);

test('without chdir the working folder is that of the program', async () => {
  await using group = new Group();
  assert.is(await cwdOf(await group.makeGateway()), process.cwd());
});

test('the running interpreter starts with flags that the program does not have', async () => {
  await using group = new Group();
  // what V8 has made of the remote program is of no use with these
  const flags =
    process.versions['bun'] || process.versions['deno'] ? '' : '--interpreted-frames-native-stack';
  const gateway = await group.makeGateway(`popen//env:NODE_OPTIONS=${flags}`);
  assert.is(await gateway.call(() => process.env['NODE_OPTIONS']), flags);
});

test('a relative chdir is relative to the working folder of the program', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway({ popen: true, chdir: 'packages/..' });
  assert.is(await cwdOf(gateway), process.cwd());
});

test('a chdir that can not be made is an error that names it, and leaves nothing', async () => {
  const group = new Group();
  const error = await failureOf(group.makeGateway({ popen: true, chdir: '/dev/null/folder' }));
  assert.is(error.code, 'ERR_EXECNET_CHDIR');
  assert.match(error.message, '/dev/null/folder');
  assert.is(group.size, 0);
});

onEvery('nice is added to the niceness', async (group, { kind, path }) => {
  const gateway = await group.makeGateway({ popen: true, [kind]: path, nice: 3 });
  const priority = await gateway.call(async () => (await import('node:os')).getPriority());
  assert.is(priority, Math.min(19, getPriority() + 3));
});

onEvery(
  'env: is in the environment from the start, and in no argument vector',
  async (group, { kind, path }) => {
    const secret = `secret-${process.pid}-with spaces=and "quotes" and $HOME\nand a newline`;
    const gateway = await group.makeGateway({
      popen: true,
      [kind]: path,
      nice: 1,
      env: { EXECNET_TEST_SECRET: secret, TZ: 'Asia/Kathmandu', EMPTY: '' },
    });
    const seen = await gateway.call(() => [
      process.env['EXECNET_TEST_SECRET'],
      process.env['EMPTY'],
      // read by the interpreter when it starts
      -new Date(0).getTimezoneOffset(),
    ]);
    assert.equal(seen, [secret, '', 330]);
    const { pid } = gateway.peer;
    assert.ok(readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`EXECNET_TEST_SECRET=${secret}`));
    assert.not.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'secret-');
    assert.not.match(String(gateway), 'secret-');
    assert.not.match(gateway.remoteAddress, 'secret-');
  },
);

test('env: in the text form of a spec', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen//env:A=1=2//env:B=\\/\\/');
  assert.equal(await gateway.call(() => [process.env['A'], process.env['B']]), ['1=2', '//']);
});

test('the environment of the program is inherited, and what belongs to its own parent is not', async () => {
  await using group = new Group();
  process.env['EXECNET_TEST_INHERITED'] = 'yes';
  process.env['NODE_CHANNEL_FD'] = '77';
  try {
    const gateway = await group.makeGateway();
    assert.equal(
      await gateway.call(() => [process.env['EXECNET_TEST_INHERITED'], process.env['NODE_CHANNEL_FD']]),
      ['yes', undefined],
    );
  } finally {
    delete process.env['EXECNET_TEST_INHERITED'];
    delete process.env['NODE_CHANNEL_FD'];
  }
});

/** A flag that each kind of interpreter takes before everything else, and remote code that shows whether it was taken. */
const FLAGS: Record<Interpreter['kind'], { flag: string; shown: () => unknown; expected: unknown }> = {
  node: {
    flag: '--stack-trace-limit=37',
    shown: () => Error.stackTraceLimit,
    expected: 37,
  },
  bun: {
    flag: '--title="two words"',
    shown: async () => (await import('node:fs')).readFileSync('/proc/self/cmdline', 'utf8').split('\0')[1],
    expected: '--title=two words',
  },
  deno: {
    flag: '--log-level=info',
    shown: async () => (await import('node:fs')).readFileSync('/proc/self/cmdline', 'utf8').split('\0')[1],
    expected: '--log-level=info',
  },
};

onEvery(
  'the value of an interpreter is a command, split as a shell splits words',
  async (group, { kind, path }) => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'a path with spaces');
    symlinkSync(path, file);
    const { flag, shown, expected } = FLAGS[kind];
    const gateway = await group.makeGateway(`popen//${kind}='${file.replaceAll('/', '\\/')}' ${flag}`);
    assert.is(await gateway.call(shown), expected);
    assert.is((await gateway.remoteInfo()).runtime, kind);
  },
);

test('popen alone uses the interpreter that runs the program, without the flags that it has', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen');
  assert.is(gateway.peer.executable, process.execPath);
  const args = readFileSync(`/proc/${gateway.peer.pid}/cmdline`, 'utf8').split('\0');
  for (const own of process.execArgv.filter((arg) => /^--(import|expose|require)/.test(arg)))
    assert.not(args.includes(own));
});

onEvery(
  'asking an interpreter that does not answer takes as long as it is given',
  async (group, interpreter) => {
    const gateway = await group.makeGateway(specOf(interpreter));
    const { pid } = gateway.peer;
    stop(pid);
    assert.is((await failureOf(gateway.remoteStatus({ timeout: 20 }))).code, 'ERR_EXECNET_TIMEOUT');
    assert.is((await failureOf(gateway.remoteInfo({ timeout: 20 }))).code, 'ERR_EXECNET_TIMEOUT');
    assert.is(
      (await failureOf(gateway.call(() => 1, undefined, { timeout: 20 }))).code,
      'ERR_EXECNET_TIMEOUT',
    );
    process.kill(pid, 'SIGCONT');
    assert.is((await gateway.remoteInfo()).pid, pid);
    assert.is(await gateway.call(() => 2), 2);
  },
);

test.run();
