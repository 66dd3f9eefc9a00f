import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ConnectError, type ErrorCode, Group, hasCode } from 'execnet';
import * as assert from 'uvu/assert';
import { tooOldInterpreter } from '../../../tools/lib/interpreters.mjs';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { isA } from './fixtures/is-a.ts';
import { childrenOf, stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

const node = sharedEnds.find(({ kind }) => kind === 'node')?.path as string;

/** A folder of its own, gone after the test. */
class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'connect-errors-'));

  /** A file in it; executable if it begins as a script does. */
  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What making a gateway fails with; sees to it that no process is left of it. */
async function failureOf(
  spec: string | Record<string, string>,
  options?: { timeout?: number; signal?: AbortSignal },
): Promise<ConnectError> {
  await using group = new Group();
  const before = new Set(childrenOf(process.pid));
  let failure: unknown = new Error('it was made');
  try {
    await group.makeGateway(spec, options);
  } catch (error) {
    failure = error;
  }
  assert.is(group.size, 0);
  const left = childrenOf(process.pid).filter((pid) => !before.has(pid));
  assert.equal(await stillRunning(left, 0), [], 'nothing is left behind');
  return failure as ConnectError;
}

function check(error: unknown, code: ErrorCode, ...said: readonly (string | RegExp)[]): void {
  isA(error, ConnectError, String((error as Error).stack));
  assert.ok(hasCode(error, code), `${error.code} instead of ${code}: ${error.message}`);
  for (const one of said) assert.match(error.message, one);
}

test('an interpreter without a name', async () => {
  for (const field of ['node', 'bun', 'deno']) {
    const failure = await failureOf(`popen//${field}=`);
    assert.is(failure.code, 'ERR_EXECNET_SPEC');
    assert.match(failure.message, `"popen//${field}=": ${field}= names no program`);
  }
});

test('what another program prints is told, and the program that it was sent is not', async () => {
  using folder = new Folder();
  const file = folder.file(
    'other',
    '#!/bin/sh\necho this is no interpreter\necho "unknown option: $*" >&2\nexit 2\n',
  );
  const failure = await failureOf(`popen//node=${file}`);
  check(failure, 'ERR_EXECNET_NOT_AN_INTERPRETER', 'it printed: this is no interpreter', 'unknown option: ');
  assert.match(failure.message, '(the program that was to run)');
  assert.ok(failure.message.length < 500, failure.message);
});

test('a path where nothing is', async () => {
  check(
    await failureOf('popen//node=/nowhere/at/all'),
    'ERR_EXECNET_INTERPRETER_NOT_FOUND',
    'there is no program "/nowhere/at/all"',
  );
});

test('a name that is not on the PATH', async () => {
  check(
    await failureOf('popen//node=no-such-interpreter'),
    'ERR_EXECNET_INTERPRETER_NOT_FOUND',
    '"no-such-interpreter"',
    `PATH ${process.env['PATH']}`,
  );
});

test('a script whose own interpreter is missing', async () => {
  using folder = new Folder();
  const script = folder.file('script', '#!/nowhere/sh\n');
  check(await failureOf(`popen//node=${script}`), 'ERR_EXECNET_INTERPRETER_NOT_FOUND', script, '#!');
});

test('a wrapper that finds no interpreter', async () => {
  using folder = new Folder();
  const wrapper = folder.file('wrapper', '#!/bin/sh\nexec no-such-interpreter "$@"\n');
  check(
    await failureOf(`popen//node=${wrapper}`),
    'ERR_EXECNET_INTERPRETER_NOT_FOUND',
    wrapper,
    'no-such-interpreter',
  );
});

test('a file that may not be executed', async () => {
  using folder = new Folder();
  const file = folder.file('plain', 'text');
  check(
    await failureOf(`popen//node=${file}`),
    'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE',
    `${file}" may not be executed`,
  );
});

test('a folder', async () => {
  check(await failureOf('popen//node=/tmp'), 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', '"/tmp"');
});

for (const [program, said] of [
  ['/bin/true', /"\/bin\/true" ended with code 0 before it said hello/],
  ['/bin/false', /"\/bin\/false" ended with code 1/],
  ['/bin/cat', /ended with code 1.*No such file|too long/],
  ['sleep 1000', /ended with code 1.*invalid/],
  ['kill -9', /code/],
] as const) {
  test(`a program that is no interpreter: ${program}`, async () => {
    check(await failureOf(`popen//node=${program}`), 'ERR_EXECNET_NOT_AN_INTERPRETER', said);
  });
}

test('an interpreter of another kind than the spec says', async () => {
  check(
    await failureOf(`popen//deno=${node}`),
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    'is it an interpreter',
    'eval',
  );
});

test('an interpreter that refuses its options', async () => {
  check(
    await failureOf(`popen//node=${node} --no-such-option`),
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    'code 9',
    'bad option: --no-such-option',
  );
});

test('a program that is killed while it starts', async () => {
  using folder = new Folder();
  const wrapper = folder.file('wrapper', '#!/bin/sh\necho last words >&2; kill -9 $$\n');
  check(await failureOf(`popen//node=${wrapper}`), 'ERR_EXECNET_NOT_AN_INTERPRETER', 'SIGKILL', 'last words');
});

test('a program that prints without end', async () => {
  for (const redirection of ['', '>&2', '>&4', '| cat']) {
    using folder = new Folder();
    const wrapper = folder.file('wrapper', `#!/bin/sh\nyes "I am no interpreter" ${redirection}\n`);
    check(
      await failureOf(`popen//node=${wrapper}//stdio=ignore`),
      'ERR_EXECNET_NOT_AN_INTERPRETER',
      `"${wrapper}" prints without end`,
      'I am no interpreter',
    );
  }
});

for (const [field, echo] of [
  ['node', 'cat <&3 >&4'],
  ['python', 'cat'],
] as const) {
  test(`a program that sends back what it is sent: ${field}`, async () => {
    using folder = new Folder();
    const wrapper = folder.file('wrapper', `#!/bin/sh\nexec ${echo}\n`);
    check(
      await failureOf(`popen//${field}=${wrapper}`),
      'ERR_EXECNET_NOT_AN_INTERPRETER',
      `"${wrapper}" answered, but said no hello`,
      'is it an interpreter',
    );
  });
}

test('a program that closes the connection and stays', async () => {
  using folder = new Folder();
  const wrapper = folder.file('wrapper', '#!/bin/sh\nexec 3<&- 4>&-; sleep 1000\n');
  check(await failureOf(`popen//node=${wrapper}`), 'ERR_EXECNET_NOT_AN_INTERPRETER', 'closed');
});

test('a program that says nothing', async () => {
  using folder = new Folder();
  const wrapper = folder.file('wrapper', '#!/bin/sh\nsleep 1000 & wait\n');
  check(
    await failureOf(`popen//node=${wrapper}`, { timeout: 200 }),
    'ERR_EXECNET_CONNECT_TIMEOUT',
    'no hello within 200 ms',
    wrapper,
  );
});

for (const field of ['node', 'bun', 'deno', 'python'])
  test(`what a wrong program prints is told, whether it ends or stays: ${field}=`, async () => {
    using folder = new Folder();
    const prints = '#!/bin/sh\necho on stdout; echo on stderr >&2\n';
    const ends = folder.file('ends', `${prints}exit 3\n`);
    check(
      await failureOf(`popen//${field}=${ends}`),
      'ERR_EXECNET_NOT_AN_INTERPRETER',
      'code 3',
      'stderr: on stderr',
      'printed: on stdout',
    );
    const stays = folder.file('stays', `${prints}exec sleep 1000\n`);
    check(
      await failureOf(`popen//${field}=${stays}`, { timeout: 2000 }),
      'ERR_EXECNET_CONNECT_TIMEOUT',
      'stderr: on stderr',
      'printed: on stdout',
    );
  });

test('an aborted signal, before and while connecting', async () => {
  using folder = new Folder();
  const started = join(folder.path, 'started');
  const wrapper = folder.file(
    'wrapper',
    `#!/bin/sh\necho $$ > ${started}.new; mv ${started}.new ${started}; sleep 1000\n`,
  );
  const reason = new Error('enough');
  assert.is(await failureOf(`popen//node=${wrapper}`, { signal: AbortSignal.abort(reason) }), reason);
  assert.not(existsSync(started));

  const controller = new AbortController();
  const failure = failureOf(`popen//node=${wrapper}`, { signal: controller.signal });
  while (!existsSync(started)) await after(5);
  controller.abort(reason);
  assert.is(await failure, reason);
  assert.equal(await stillRunning([Number(readFileSync(started, 'utf8'))], 0), []);
});

test('makeGateways that fails with one ends the others', async () => {
  const before = new Set(childrenOf(process.pid));
  await using group = new Group();
  try {
    await group.makeGateways([`popen//node=${node}`, 'popen//node=/nowhere', `popen//node=${node}`]);
    assert.unreachable();
  } catch (error) {
    check(error, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
  }
  assert.is(group.size, 0);
  assert.equal(
    childrenOf(process.pid).filter((pid) => !before.has(pid)),
    [],
  );
});

test('a folder that cannot be made', async () => {
  using folder = new Folder();
  const file = folder.file('plain', 'text');
  for (const path of [join(file, 'below'), file]) {
    check(
      await failureOf({ popen: 'true', node, chdir: path }),
      'ERR_EXECNET_CHDIR',
      JSON.stringify(path),
      'chdir=',
    );
  }
  await using group = new Group();
  const made = join(folder.path, 'a', 'b');
  const gateway = await group.makeGateway(`popen//node=${node}//chdir=${made}`);
  assert.is(await gateway.call(() => process.cwd()), made);
});

test('what may not be done: entering a folder, a lower niceness', async () => {
  using folder = new Folder();
  const forbidden = join(folder.path, 'forbidden');
  mkdirSync(forbidden, { mode: 0o700 });
  // nobody may enter it, so that the program has to be one of nobody's
  const options = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  chmodSync(folder.path, 0o755);
  if (process.getuid?.() !== 0) chmodSync(forbidden, 0);
  await using program = startProgram('refused.mjs', [node, forbidden], { ...options, cwd: '/' });
  const refusals = await program.said<Record<string, { code: string; message: string }>>();
  assert.is(refusals['chdir']?.code, 'ERR_EXECNET_CHDIR');
  assert.match(refusals['chdir']?.message ?? '', `the folder ${JSON.stringify(forbidden)}`);
  assert.is(refusals['below']?.code, 'ERR_EXECNET_CHDIR');
  assert.is(refusals['nice']?.code, 'ERR_EXECNET_NICE');
  assert.match(refusals['nice']?.message ?? '', /nice=-5.*privilege/);
  assert.equal(await program.ended, { ...(await program.ended), code: 0, signal: null, stderr: '' });
});

test('an environment that is too large for the system', async () => {
  check(
    await failureOf({ popen: 'true', node, 'env:LARGE': 'x'.repeat(3_000_000) }),
    'ERR_EXECNET_SPAWN',
    "can't be started",
  );
});

const old = tooOldInterpreter();
if (old) {
  test(`an interpreter that is too old: ${old.version}`, async () => {
    check(
      await failureOf(`popen//node=${old.path}`),
      'ERR_EXECNET_INTERPRETER_TOO_OLD',
      `has version ${old.version}; Node.js 18 or newer is needed`,
    );
  });
}

for (const interpreter of sharedEnds) {
  interpreter.test('noise before the hello is tolerated, wherever it is printed', async () => {
    using folder = new Folder();
    const noise = 'last login: yesterday from execnet:0123456789abcdef:';
    const wrapper = folder.file(
      'wrapper',
      `#!/bin/sh\nfor fd in 1 2 4; do echo '${noise}' >&$fd; done\nexec ${interpreter.path} "$@"\n`,
    );
    await using group = new Group();
    const gateway = await group.makeGateway(specOf({ ...interpreter, path: wrapper }, 'stdio=pipe'));
    assert.is(await gateway.call(() => 6 * 7), 42);
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      gateway[name]?.setEncoding('utf8').on('data', (text: string) => {
        printed[name] += text;
      });
    }
    await gateway.terminate();
    assert.equal(printed, { stdout: `${noise}\n`, stderr: `${noise}\n` });
  });
}

test.run();
