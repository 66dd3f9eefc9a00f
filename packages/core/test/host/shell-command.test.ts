// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scripts expand their own variables
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  /** Of the shell. */
  readonly pid: number;
  /** What the shell answered between the marks, and what came behind it. */
  readonly answer: string;
  readonly rest: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly shell?: string;
  /** The shell gets a process group of its own. */
  readonly leads?: boolean;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

function finished(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

/** Has a login shell start the command, as an ssh server does. */
async function start(
  wanted: Command,
  { shell = 'sh', leads = true, input = '', env = process.env }: Surroundings = {},
): Promise<Outcome> {
  const { line, input: script, mark } = shellCommand(wanted);
  const child = spawn(shell, ['-c', line], { detached: leads, env });
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
      const { code, answer, rest, stderr } = await start(wanted, { shell, input: 'the rest\n' });
      const own = Number(spawnSync('nice').stdout);
      assert.is(rest, `${[cwd, odd, '', String(own + 3), odd, odd, '', '-n'].join('|')}|the rest\n`);
      assert.is(stderr, 'printed', 'what is printed is kept apart');
      assert.is(code, 0);
      assert.match(answer, /^stays \d+$/);
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

/** Says its process id and its group, and whether it ignores SIGINT. */
const GROUP = command({
  args: [
    '-c',
    'IFS= read -r s </proc/$$/stat; set -- ${s##*) }; printf "%s" "$$ $3 $(grep -c "SigIgn:.*[2367abef]$" /proc/$$/status)" >&4',
  ],
});

/** A folder for PATH with these programs only. */
function onlyWith(names: readonly string[]): { PATH: string } & Disposable {
  const PATH = mkdtempSync(join(tmpdir(), 'programs-'));
  for (const [name, as = name] of names.map((one) => one.split(' as '))) {
    const file = spawnSync('which', [name as string], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(file, join(PATH, as as string));
  }
  return { PATH, [Symbol.dispose]: () => rmSync(PATH, { recursive: true }) };
}

for (const leads of [true, false])
  for (const [by, names] of [
    ['setsid', ['sh', 'setsid', 'grep']],
    ['Perl', ['sh', 'perl', 'grep']],
  ] as const)
    test(`a program gets a process group of its own by ${by}, ${leads ? 'beside' : 'without'} one of the shell`, async () => {
      using folder = onlyWith(names);
      // a language that is not there
      const env = { PATH: folder.PATH, LC_ALL: 'xx_YY.UTF-8' };
      const { rest, pid, answer, stderr } = await start(GROUP, { leads, env });
      const [own] = rest.split(' ').map(Number);
      assert.is(rest, `${own} ${own} 0`);
      assert.is.not(own, pid);
      assert.is(answer, `stays ${own}`);
      assert.is(stderr, '');
    });

test('without setsid and Perl the shell becomes the program if it leads a group, and says what is missing if not', async () => {
  using folder = onlyWith(['sh', 'grep']);
  const env = { PATH: folder.PATH };
  const { rest, pid, answer } = await start(GROUP, { env });
  assert.equal([rest, answer], [`${pid} ${pid} 0`, `became ${pid}`]);
  const failed = await start(GROUP, { env, leads: false });
  assert.match(failed.answer, /^group \d+$/);
  assert.match(shellFailure('group', '1', GROUP).message, /neither "setsid" nor "perl"/);
});

for (const sh of SHELLS.filter((name) => !['fish', 'tcsh'].includes(name))) {
  const title = `${sh} as sh: descriptors, variables of any name and the status pass, and what is left behind is killed`;
  if (spawnSync(sh, ['-c', 'exit 0']).error) {
    test.skip(title);
    console.log(`left out: there is no ${sh} here: ${title}`);
    continue;
  }
  test(title, async () => {
    using folder = onlyWith([
      `${sh} as sh`,
      ...(sh === 'sh' ? [] : ['sh as dash']),
      'setsid',
      'cat',
      'sleep',
      'printf',
    ]);
    const names = Array.from('abcdefghijklmnopqrstuvwxyz');
    for (const [descriptors, to] of [
      [{ input: 3, output: 4 }, 4],
      [{ input: 0, output: 1 }, 1],
      [{ input: 0, output: 1, stdout: 3 }, 1],
    ] as const) {
      // what is left behind holds the output, so that nothing is over before it is gone
      const shown = names.map((name) => `$${name}`).join('');
      const text = `printf "%s|" "${shown}" >&${to}; cat <&${descriptors.input} >&${to}; sleep 1000 & exit 7`;
      const { code, rest, stderr } = await start(
        command({
          args: ['-c', text],
          descriptors,
          env: Object.fromEntries(names.map((name) => [name, name])),
        }),
        { input: 'the rest\n', env: { PATH: folder.PATH } },
      );
      assert.equal([code, rest, stderr], [7, `${names.join('')}|the rest\n`, '']);
      const killed = await start(command({ args: ['-c', 'kill -s KILL $$'], descriptors }), {
        env: { PATH: folder.PATH },
      });
      assert.equal([killed.code, killed.stderr], [201, ''], 'what the shell says of it is no output');
    }
  });
}

test('a program whose PATH has nothing on it is started and waited for', async () => {
  using folder = onlyWith(['sh']);
  const asked = command({
    file: join(folder.PATH, 'sh'),
    args: ['-c', 'printf "%s" "$PATH" >&4; exit 5'],
    env: { PATH: '/nowhere' },
  });
  const { code, rest, answer } = await start(asked);
  assert.equal([code, rest], [5, '/nowhere']);
  assert.match(answer, /^stays /);
});

test('nothing is started when nobody listens any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shell-'));
  try {
    const { line, input } = shellCommand(command({ args: ['-c', `: >'${folder}/started'`] }));
    // a login that takes a while
    const child = spawn('sh', ['-c', `sleep 0.2; ${line}`], { detached: true });
    child.stdin.end(input);
    child.stdout.destroy();
    await new Promise((resolve) => child.once('exit', resolve));
    assert.not(existsSync(join(folder, 'started')));
  } finally {
    rmSync(folder, { recursive: true });
  }
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

test('the kill script ends groups with all their members, and says that nothing is left', async () => {
  const groups: number[] = [];
  const members: number[] = [];
  const gone: Promise<unknown>[] = [];
  for (let i = 0; i < 3; i++) {
    const child = spawn('sh', ['-c', 'trap "" TERM HUP INT; sleep 1000 & sleep 1000 & echo $!; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    gone.push(finished(child));
    groups.push(child.pid as number);
    members.push(await new Promise((resolve) => child.stdout.once('data', (text) => resolve(Number(text)))));
  }
  const [first, second, third] = groups;
  const kill = () => {
    const input = `${first} ${second}\n${third}\n`;
    return spawnSync('sh', ['-c', killScript('MARK:')], { input, encoding: 'utf8' });
  };
  const said = ['', ...groups.map((group) => `${group}: .`)].map((line) => `MARK:${line}\n`).join('');
  const { stdout, stderr, status } = kill();
  assert.equal([stdout, stderr, status], [said, '', 0]);
  await Promise.all(gone);
  for (const member of members) {
    const stat = `/proc/${member}/stat`;
    assert.ok(!existsSync(stat) || / [ZX] /.test(readFileSync(stat, 'utf8')));
  }
  // again: there is nothing, and that is no error
  assert.is(kill().stdout, said);
});

test.run();
