// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scripts expand their own variables
import { randomBytes } from 'node:crypto';
import { ConnectError, SpecError } from '../errors/index.ts';
import type { Command, Descriptors } from '../registry/contracts.ts';
import { quoteWord } from '../spec/index.ts';

/** A command as a shell far away can start it. */
export interface ShellCommand {
  /**
   * What the shell is to run. It reads the rest from its input, so that no value of the environment is in an argument vector, and has nothing
   * in it that one shell would read differently from another: sh, bash, dash, zsh, ksh, fish and csh take it.
   */
  readonly line: string;
  /** The first bytes on its input: one line of text for `sh`. */
  readonly input: Uint8Array;
  /** Written around what it answers before it starts the program. */
  readonly mark: string;
}

/** Reads one line and runs it. `read` takes no byte more than the line from a pipe (POSIX), so that what follows is the program's. */
export const SHELL_LINE: string = `exec sh -c 'IFS= read -r script && eval "$script"' execnet`;

/** How a line feed is written in a script that is one line itself. */
const LINE_FEED = `'"$n"'`;

/** Words of the answer. The text behind a failure is for people. */
export type ShellFailure = 'chdir' | 'missing' | 'unexecutable' | 'nice' | 'group';

/**
 * Makes a command for a shell that gives the program its stdin, stdout and stderr only; the one place that quotes for a shell.
 *
 * The script sets the environment, makes and enters the folder, looks for the program, sees to it that it leads a process group, tells its
 * process id, moves the protocol to the descriptors where the program expects it, and becomes the program.
 */
export function shellCommand({ file, args, env, cwd, nice, descriptors }: Command): ShellCommand {
  const mark = `execnet-shell:${randomBytes(12).toString('hex')}:`;
  const variables = Object.entries(env).map(([name, value]) => `${identifier(name)}=${quote(value)}`);
  const redirections = redirectionsOf(descriptors);
  const moved = redirections.length > 0 ? [`exec ${redirections.join(' ')}`] : [];
  const prefix = [`$lead`, ...(nice === undefined ? [] : [`nice -n ${nice}`])].join(' ');
  const script = [
    "n=$(printf '\\nx'); n=${n%x}",
    `say() { printf '%s%s %s%s' ${mark} "$1" "$2" ${mark}; }`,
    'fail() { say "$1" "$2"; exit 1; }',
    ...(variables.length > 0 ? [`export ${variables.join(' ')}`] : []),
    ...(cwd === undefined ? [] : enter(quote(cwd))),
    ...find(quote(file)),
    ...(nice !== undefined && nice < 0 ? beNice(nice) : []),
    ...LEAD,
    'say ok $$',
    ...moved,
    `exec ${prefix} ${[file, ...args].map(quote).join(' ')}`,
  ].join('; ');
  return { line: SHELL_LINE, input: Buffer.from(`${script}\n`), mark };
}

/** Moves the protocol from 0 and 1 to where the program looks for it; what it prints goes to stderr, the one stream that is left for that. */
function redirectionsOf({ input, output, stdout = 1 }: Descriptors): string[] {
  return [
    ...(input === 0 ? [] : [`${input}<&0`]),
    ...(output === 1 ? [] : [`${output}>&1`]),
    ...(stdout === 1 ? [] : [`${stdout}>&2`]),
    ...(input === 0 ? [] : ['0</dev/null']),
    ...(output === 1 ? [] : ['1>&2']),
  ];
}

function quote(word: string): string {
  return quoteWord(word).replaceAll('\n', LINE_FEED);
}

function identifier(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new SpecError(
    'ERR_EXECNET_SPEC',
    `env:${name} can't be set behind a shell: the name of a variable has letters, digits and _ only there`,
  );
}

function enter(folder: string): string[] {
  return [
    `m=$(LC_ALL=C mkdir -p -- ${folder} 2>&1) || fail chdir "$m"`,
    `m=$(CDPATH= cd -- ${folder} 2>&1) || fail chdir "$m"`,
    // what `cd` prints with CDPATH set must not reach the protocol
    `CDPATH= cd -- ${folder} >/dev/null`,
  ];
}

/** A builtin, which has no path, is left to `exec`, which fails for it. */
function find(file: string): string[] {
  return [
    `p=$(command -v -- ${file} 2>/dev/null) || p=$(command -v ${file}) || fail missing "$PATH"`,
    'case $p in */*) [ -e "$p" ] || fail missing "$PATH"; [ -x "$p" ] && [ ! -d "$p" ] || fail unexecutable "$p";; esac',
  ];
}

/** `nice` warns when a privilege is missing, and goes on; without a program it prints what it has reached. */
function beNice(nice: number): string[] {
  return [
    `w=$(($(nice) + ${nice})); [ $w -ge -20 ] || w=-20`,
    `[ "$(nice -n ${nice} nice 2>/dev/null)" = $w ] || fail nice $w`,
  ];
}

/**
 * Most servers give each command a process group of its own. Where not (dropbear), `setsid` makes one: it does so in place, because the shell
 * leads no group then.
 */
const LEAD = [
  'if [ -r /proc/$$/stat ]; then IFS= read -r g </proc/$$/stat; g=${g##*) }; set -- $g; g=$3; else g=$(ps -o pgid= -p $$); g=$((g)); fi',
  'lead=; [ "$g" = $$ ] || { command -v setsid >/dev/null || fail group "$g"; lead=setsid; }',
];

/** What a start through a shell failed for, as an error that says what to do. */
export function shellFailure(what: string, told: string, command: Command): ConnectError {
  const name = JSON.stringify(command.file);
  const text = told.trim();
  switch (what as ShellFailure) {
    case 'chdir':
      return new ConnectError(
        /no space left|quota exceeded/i.test(text) ? 'ERR_EXECNET_DISK_FULL' : 'ERR_EXECNET_CHDIR',
        `the folder ${JSON.stringify(command.cwd)} (chdir=) can't be made or entered there: ${text}`,
      );
    case 'missing':
      return new ConnectError(
        'ERR_EXECNET_INTERPRETER_NOT_FOUND',
        `there is no program ${name} there; PATH is ${text}. Shells that are not interactive often have a shorter one: name the program with ` +
          'its path (node=/opt/node/bin/node), or set env:PATH=',
      );
    case 'unexecutable':
      return new ConnectError(
        'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE',
        `${name} may not be executed there: ${text} is no file with permission to execute`,
      );
    case 'nice':
      return new ConnectError(
        'ERR_EXECNET_NICE',
        `nice=${command.nice} needs a privilege that the program does not have there: a niceness of ${text} can't be reached`,
      );
    default:
      return new ConnectError(
        'ERR_EXECNET_SPAWN',
        `${name} can't be started so that it could be ended for certain: it gets no process group of its own there, and there is no program "setsid"`,
      );
  }
}

/** How often the script looks whether a group is gone, 50 ms apart where `sleep` takes fractions: two seconds, as for processes of this machine. */
const LOOKS = 40;

/**
 * The text of a line for `sh` that kills a process group and prints the numbers of those of its processes that can't be killed: nothing, when
 * all is gone. Zombies count as gone.
 */
export function killScript(group: number): string {
  return [
    `g=${group}; i=0`,
    'left() { if [ -r /proc/self/stat ]; then for f in /proc/[0-9]*/stat; do { IFS= read -r s <"$f"; } 2>/dev/null || continue; p=${s%% *}; ' +
      'set -- ${s##*) }; [ "$3" = $g ] && [ "$1" != Z ] && [ "$1" != X ] && echo "$p"; done; ' +
      'else ps -A -o pid= -o pgid= -o state= | while read -r p q t; do case $q$t in $g[ZX]*) ;; $g*) [ "$q" = $g ] && echo "$p";; esac; done; fi; }',
    `while kill -s KILL -- -$g 2>/dev/null; l=$(left); [ -n "$l" ]; do i=$((i+1)); [ $i -lt ${LOOKS} ] || break; sleep 0.05 2>/dev/null || sleep 1; done`,
    'printf "%s" "$l"',
  ].join('; ');
}
