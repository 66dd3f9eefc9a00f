// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scripts expand their own variables
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { killScript, shellCommand, shellFailure } from '../../src/host/shell-command.ts';
import type { Command } from '../../src/registry/index.ts';

/** Login shells that read quotes in ways of their own. */
const SHELLS = ['sh', 'dash', 'bash', 'zsh', 'mksh', 'fish', 'tcsh'];

const command = (fields: Partial<Command> = {}): Command => ({
  file: 'sh',
  args: [],
  env: {},
  descriptors: { input: 3, output: 4 },
  ...fields,
});

interface Outcome {
  readonly code: number | null;
  readonly pid: number;
  /** What the shell answered between the marks, and what came behind it. */
  readonly answer: string;
  readonly rest: string;
  readonly stderr: string;
}

function finished(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

/** Has a login shell start the command, as an ssh server does. `leads`: the shell gets a process group of its own. */
async function start(
  wanted: Command,
  { shell = 'sh', leads = true, input = '' }: { shell?: string; leads?: boolean; input?: string } = {},
): Promise<Outcome> {
  const { line, input: script, mark } = shellCommand(wanted);
  const child = spawn(shell, ['-c', line], { detached: leads });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // a failed start reads nothing
  child.stdin.on('error', () => {});
  child.stdin.write(script);
  child.stdin.end(input);
  const code = await finished(child);
  const [before, answer = '', rest = ''] = stdout.split(mark);
  assert.is(before, '');
  return { code, pid: child.pid as number, answer, rest, stderr };
}

const REPORT = [
  'printf "%s|" "$PWD" "$A" "$B" "$(nice)" "$0" "$@" >&4',
  'printf "printed"',
  'cat <&3 >&4',
].join('; ');

for (const shell of SHELLS) {
  const title = `${shell}: words, variables, folder and niceness arrive as they are, and the input goes on behind them`;
  if (spawnSync(shell, ['-c', 'exit 0']).error) {
    test.skip(title);
    console.log(`left out: there is no ${shell} here: ${title}`);
    continue;
  }
  test(title, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shell '));
    try {
      const odd = ' it\'s\n"two" \\n $HOME `id` * ;|&<># ü\t';
      const cwd = join(folder, "a b\n'c'");
      const wanted = command({
        args: ['-c', REPORT, odd, odd, '', '-n'],
        env: { A: odd, B: '' },
        cwd,
        nice: 3,
      });
      const { code, pid, answer, rest, stderr } = await start(wanted, { shell, input: 'the rest\n' });
      const own = Number(spawnSync('nice').stdout);
      assert.is(rest, `${[cwd, odd, '', String(own + 3), odd, odd, '', '-n'].join('|')}|the rest\n`);
      assert.is(stderr, 'printed', 'what is printed is kept apart');
      assert.is(code, 0);
      assert.is(answer, `ok ${pid}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('the protocol stays on 0 and 1 for a program that wants it there, and its prints go to stderr', async () => {
  const wanted = command({
    args: ['-c', 'printf "%s|" "$#" >&1; printf printed >&3; cat', 'name', 'one'],
    descriptors: { input: 0, output: 1, stdout: 3 },
  });
  const { code, rest, stderr } = await start(wanted, { input: 'the rest\n' });
  assert.equal([code, rest, stderr], [0, '1|the rest\n', 'printed']);
  const plain = await start(command({ args: ['-c', 'cat'], descriptors: { input: 0, output: 1 } }), {
    input: 'plain',
  });
  assert.equal([plain.code, plain.rest, plain.stderr], [0, 'plain', '']);
  const apart = await start(
    command({ args: ['-c', 'echo printed; cat <&3'], descriptors: { input: 3, output: 1 } }),
    { input: 'one direction' },
  );
  assert.equal([apart.rest, apart.stderr], ['printed\none direction', '']);
});

test('no value of a variable is in an argument vector', async () => {
  const secret = `secret${process.pid}`;
  const { rest } = await start(
    command({
      args: [
        '-c',
        `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c "$(printf %s sec)ret${process.pid}" >&4; true`,
      ],
      env: { TOKEN: secret },
    }),
  );
  // the one that greps names it; the script of this test is no other
  assert.match(rest, /^[01]\n$/);
  assert.not(shellCommand(command({ env: { TOKEN: secret } })).line.includes(secret));
});

test('a program that gets no process group of its own makes one', async () => {
  const asked = command({
    file: 'sh',
    args: ['-c', 'IFS= read -r s </proc/$$/stat; set -- ${s##*) }; printf "%s" "$$ $3" >&4'],
  });
  const { rest, pid } = await start(asked, { leads: false });
  assert.is(rest, `${pid} ${pid}`);
});

test('what can not be started is told with its reason', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shell-'));
  const file = join(folder, 'plain file');
  writeFileSync(file, 'text', { mode: 0o644 });
  try {
    const PATH = '/nowhere:/usr/bin:/bin';
    const cases: [Partial<Command>, RegExp, string, RegExp][] = [
      [
        { file: 'no-such-program', env: { PATH } },
        /^missing \/nowhere:/,
        'ERR_EXECNET_INTERPRETER_NOT_FOUND',
        /PATH is \/nowhere:\/usr\/bin:\/bin/,
      ],
      [
        { file: join(folder, 'missing') },
        /^missing /,
        'ERR_EXECNET_INTERPRETER_NOT_FOUND',
        /there is no program/,
      ],
      [{ file: folder }, /^unexecutable /, 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', /may not be executed/],
      [{ file }, /^(unexecutable|missing) /, 'ERR_EXECNET_INTERPRETER_NOT_', /plain file/],
      [{ cwd: join(file, 'below') }, /^chdir .*not a directory/i, 'ERR_EXECNET_CHDIR', /not a directory/i],
      [{ cwd: '/proc/nowhere' }, /^chdir .*no such file/i, 'ERR_EXECNET_CHDIR', /\/proc\/nowhere/],
    ];
    for (const [fields, answer, code, message] of cases) {
      const wanted = command(fields);
      const outcome = await start(wanted);
      assert.match(outcome.answer, answer);
      assert.is(outcome.code, 1);
      assert.is(outcome.rest, '');
      const [word = ''] = outcome.answer.split(' ', 1);
      const error = shellFailure(word, outcome.answer.slice(word.length + 1), wanted);
      assert.ok(error.code.startsWith(code), error.code);
      assert.match(error.message, message);
    }
    const full = shellFailure(
      'chdir',
      'mkdir: cannot create directory: No space left on device',
      command({ cwd: 'x' }),
    );
    assert.is(full.code, 'ERR_EXECNET_DISK_FULL');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a variable whose name no shell takes is refused before anything is started', () => {
  for (const name of ['a-b', '1st', 'a b', '']) {
    assert.throws(
      () => shellCommand(command({ env: { [name]: 'x' } })),
      (error: Error & { code?: string }) => error.code === 'ERR_EXECNET_SPEC',
    );
  }
});

test('the kill script ends a group with all its members, and says that nothing is left', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM HUP INT; sleep 1000 & sleep 1000 & echo $!; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = finished(child);
  const grandchild = await new Promise<number>((resolve) =>
    child.stdout.once('data', (text) => resolve(Number(text))),
  );
  const { stdout, stderr, status } = spawnSync('sh', {
    input: killScript(child.pid as number),
    encoding: 'utf8',
  });
  assert.equal([stdout, stderr, status], ['', '', 0]);
  await gone;
  const stat = `/proc/${grandchild}/stat`;
  assert.ok(!existsSync(stat) || / [ZX] /.test(readFileSync(stat, 'utf8')));
  // again: there is nothing, and that is no error
  assert.is(spawnSync('sh', { input: killScript(child.pid as number), encoding: 'utf8' }).stdout, '');
});

test.run();
