import { readdirSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { TransportCheck } from './check.ts';

/** What a shell, a line or a word list on the way could read differently. */
const WORDS = [
  'plain',
  '',
  ' two  words ',
  "it's",
  '"quoted"',
  '$HOME `id` $(id)',
  'a\\nb\\',
  'two\nlines\n',
  '*',
  '-n',
  '~',
  'a=b;c&d|e>f#g!h',
  'ünï漢😀',
  '\t\r',
] as const;

/** Prints those arguments of all processes that contain what it reads; the text itself gets into no argument. */
const IN_ARGUMENTS = `IFS= read -r text <&3
for f in /proc/[0-9]*/cmdline; do c=$(tr '\\0' ' ' <"$f") 2>/dev/null; case $c in *"$text"*) printf '%s\\n' "$c" >&4;; esac; done; echo over >&4`;

/** The same for this machine. */
function argumentsWith(text: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes(text) ? [line] : [];
      } catch {
        // it has ended
        return [];
      }
    });
}

/** What is started, and how. */
export const COMMANDS: readonly TransportCheck[] = [
  {
    title: 'arguments reach the program as they are',
    async run(lab) {
      const { text } = await lab.run('', {
        args: ['-c', `printf '<%s>' "$@" >&4`, 'sh', ...WORDS],
      });
      assert.is(text, WORDS.map((word) => `<${word}>`).join(''));
    },
  },
  {
    title: 'the environment reaches the program as it is, on top of what is there',
    async run(lab) {
      const env = Object.fromEntries(WORDS.map((word, n) => [`EXECNET_VALUE_${n}`, word]));
      const script = WORDS.map((_, n) => `printf '<%s>' "$EXECNET_VALUE_${n}"`).join('; ');
      const { text } = await lab.run(`{ ${script}; [ -n "$HOME" ] && echo; } >&4`, { env });
      assert.is(text, `${WORDS.map((word) => `<${word}>`).join('')}\n`);
    },
  },
  {
    title: 'no value of the environment is in an argument of any process, or in the trace',
    async run(lab) {
      const secret = `secret-${lab.mark}-${lab.mark}`;
      const { sink } = await lab.open('[ -n "$EXECNET_SECRET" ] && echo started >&4; IFS= read -r end <&3', {
        env: { EXECNET_SECRET: secret },
      });
      await sink.has('started');
      assert.equal(argumentsWith(secret), []);
      const looking = await lab.open(IN_ARGUMENTS);
      looking.connection.write(Buffer.from(`${secret}\n`));
      await looking.sink.has('over\n');
      assert.is(looking.sink.text, 'over\n');
      assert.not.match(JSON.stringify(lab.traced.map(String)), secret);
    },
  },
  {
    title: 'the working folder is made if it is missing, and entered',
    async run(lab) {
      const { text } = await lab.run('mktemp -d >&4');
      const folder = text.trim();
      const cwd = `${folder}/a/it's "b"\n$c`;
      try {
        for (let round = 0; round < 2; round++) {
          const { text: entered } = await lab.run('pwd >&4; [ -d . ] && printf x >&4', { cwd });
          assert.is(entered, `${cwd}\nx`);
        }
      } finally {
        await lab.run(`rm -r '${folder}'`);
      }
    },
  },
  {
    title: 'a working folder that can not be made or entered is ERR_EXECNET_CHDIR',
    async run(lab) {
      for (const cwd of ['/dev/null/below', '/proc/nowhere/below', '/dev/null']) {
        const error = await lab.startFailure({ cwd });
        assert.is(error.code, 'ERR_EXECNET_CHDIR', error.message);
        assert.match(error.message, JSON.stringify(cwd));
      }
    },
  },
  {
    title: 'niceness is added to that of the place',
    async run(lab) {
      const nicenessOf = async (nice?: number): Promise<number> =>
        Number((await lab.run('nice >&4', nice === undefined ? {} : { nice })).text);
      const [plain, nicer] = [await nicenessOf(), await nicenessOf(3)];
      assert.is(nicer, Math.min(19, plain + 3));
    },
  },
  {
    title: 'a program that is not there is ERR_EXECNET_INTERPRETER_NOT_FOUND',
    async run(lab) {
      for (const file of ['/nowhere/node', 'no-such-program', './relative']) {
        const error = await lab.startFailure({ file, args: [] });
        assert.is(error.code, 'ERR_EXECNET_INTERPRETER_NOT_FOUND', error.message);
        assert.match(error.message, JSON.stringify(file));
      }
    },
  },
  {
    title: 'a file that is no program is ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE',
    async run(lab) {
      for (const file of ['/etc/passwd', '/etc']) {
        const error = await lab.startFailure({ file, args: [] });
        assert.is(error.code, 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', error.message);
        assert.match(error.message, JSON.stringify(file));
      }
    },
  },
  {
    title: 'after a start that failed the next one works',
    async run(lab) {
      await lab.startFailure({ file: '/nowhere/node', args: [] });
      const { text } = await lab.run('echo here >&4');
      assert.is(text, 'here\n');
    },
  },
];
