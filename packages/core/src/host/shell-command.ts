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

/**
 * The status for a program that SIGKILL has ended. The usual one is also that of this script when it is killed itself and something waits for it
 * (`ForceCommand`), and that proves nothing.
 */
export const KILLED_STATUS = 201;

/** How a line feed is written in a script that is one line itself. */
const LINE_FEED = `'"$execnet_n"'`;

/** The program is started, in a process group whose number is the text; the shell `stays` until nothing of the group is left, or `became` the program. */
export type ShellSuccess = 'stays' | 'became';

/** Words of the answer. The text behind a failure is for people. */
export type ShellFailure = 'chdir' | 'missing' | 'unexecutable' | 'nice' | 'group';

/**
 * Makes a command for a shell that gives the program its stdin, stdout and stderr only; the one place that quotes for a shell.
 *
 * The script sets the environment, makes and enters the folder, looks for the program, starts it in a process group of its own with the protocol on the
 * descriptors where the program expects it, and tells its process id. It stays outside of the group and waits. When the program has ended it kills what
 * is left of the group, looks until nothing is, and exits with the status of the program. So a status is the proof that all is gone, and asks
 * for no further login. If something can't be killed the status is 255.
 *
 * Variables of the script begin with `execnet_`: those that are exported would change what the program gets.
 */
export function shellCommand({ file, args, env, cwd, nice, descriptors }: Command): ShellCommand {
  const mark = `execnet-shell:${randomBytes(12).toString('hex')}:`;
  const variables = Object.entries(env).map(([name, value]) => `${identifier(name)}=${quote(value)}`);
  const redirections = redirectionsOf(descriptors);
  const [own, outcome, errors] = freeDescriptors(descriptors);
  // ksh keeps to itself what `exec` opened above 2, unless a command is given it by name
  const given = [descriptors.input, descriptors.output, descriptors.stdout ?? 1].filter((fd) => fd > 2);
  const give = (fds: readonly number[]): string => fds.map((fd) => `${fd}>&${fd}`).join(' ');
  const prefix = nice === undefined ? [] : ['nice', '-n', String(nice)];
  const say = (word: ShellSuccess): string => `printf '%s%s %s%s' ${mark} ${word} $$ ${mark}`;
  const started = `${say('stays')} >&${own} && printf '%s ' $$ >&${outcome} && exec "$@" ${own}>&- ${outcome}>&-`;
  const script = [
    "execnet_n=$(printf '\\nx'); execnet_n=${execnet_n%x}; execnet_path=$PATH",
    ...LEAD,
    `fail() { printf '%s%s %s%s' ${mark} "$1" "$2" ${mark}; exit 1; }`,
    ...(variables.length > 0 ? [`export ${variables.join(' ')}`] : []),
    ...(cwd === undefined ? [] : enter(quote(cwd))),
    ...find(quote(file)),
    '[ -n "$execnet_lead" ] || [ "$execnet_g" = $$ ] || fail group "$execnet_g"',
    ...(nice !== undefined && nice < 0 ? beNice(nice) : []),
    `set -- ${[...prefix, ...[file, ...args].map(quote)].join(' ')}`,
    `exec ${own}>&1`,
    ...(redirections.length > 0 ? [`exec ${redirections.join(' ')}`] : []),
    `[ -n "$execnet_lead" ] || { ${say('became')} >&${own}; exec "$@" ${own}>&- ${give(given)}; }`,
    // It is waited for: what runs in the background ignores SIGINT. It says its number itself, and starts nothing if nobody listens any more.
    // What the shell itself says of a program that a signal ends is no output of the program; dash has the redirections of a command while it waits for it.
    `execnet_end=$(exec ${outcome}>&1 1>&${descriptors.output === 1 ? own : 2} ${errors}>&2 2>/dev/null; ( exec 2>&${errors} ${errors}>&-; ` +
      `[ -z "$execnet_perl" ] || export PERL_BADLANG=0; exec "$execnet_lead" \${execnet_perl:+-e "$execnet_perl" --} "$execnet_sh" -c ${quote(started)} execnet "$@" ` +
      `${give([...given, own, outcome])} ); printf '%s' $? >&${outcome})`,
    'PATH=$execnet_path; case $execnet_end in *" "*) ;; *) exit "${execnet_end:-255}";; esac',
    END_GROUP,
    'i=0; end_group "${execnet_end%% *}"; [ -z "$execnet_left" ] || exit 255; execnet_end=${execnet_end##* }',
    `[ "$execnet_end" != 137 ] || execnet_end=${KILLED_STATUS}; exit "\${execnet_end:-255}"`,
  ].join('; ');
  return { line: SHELL_LINE, input: Buffer.from(`${script}\n`), mark };
}

/** Three descriptors that the program does not use, for the script. One digit is all that some shells take. */
function freeDescriptors({ input, output, stdout }: Descriptors): [number, number, number] {
  return [9, 8, 7, 6, 5, 4].filter((fd) => ![input, output, stdout].includes(fd)) as [number, number, number];
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
    `execnet_m=$(LC_ALL=C mkdir -p -- ${folder} 2>&1) || fail chdir "$execnet_m"`,
    `execnet_m=$(CDPATH= cd -- ${folder} 2>&1) || fail chdir "$execnet_m"`,
    // what `cd` prints with CDPATH set must not reach the protocol
    `CDPATH= cd -- ${folder} >/dev/null`,
  ];
}

/** A builtin, which has no path, is left to `exec`, which fails for it. */
function find(file: string): string[] {
  return [
    `execnet_p=$(command -v -- ${file} 2>/dev/null) || execnet_p=$(command -v ${file}) || fail missing "$PATH"`,
    'case $execnet_p in */*) [ -e "$execnet_p" ] || fail missing "$PATH"; [ -x "$execnet_p" ] && [ ! -d "$execnet_p" ] || fail unexecutable "$execnet_p";; esac',
  ];
}

/** `nice` warns when a privilege is missing, and goes on; without a program it prints what it has reached. */
function beNice(nice: number): string[] {
  return [
    `execnet_w=$(($(nice) + ${nice})); [ $execnet_w -ge -20 ] || execnet_w=-20`,
    `[ "$(nice -n ${nice} nice 2>/dev/null)" = $execnet_w ] || fail nice $execnet_w`,
  ];
}

/**
 * A program is started in a process group of its own by `setsid`, which does so in place where its caller leads no group, or by Perl, which each macOS
 * has. Where there is neither, the shell itself becomes the program, if it leads a group; most servers give each command one. So it does where `sh` is
 * ksh93, which makes no process for a command substitution. Looked for with the PATH of the login, before the environment of the program is set.
 */
const LEAD = [
  'execnet_sh=$(command -v sh); execnet_perl=; execnet_lead=',
  'case ${KSH_VERSION-} in *" 93"*) ;; *) execnet_lead=$(command -v setsid) || { execnet_lead=$(command -v perl) && ' +
    "execnet_perl='delete $ENV{PERL_BADLANG}; setpgrp(0, 0); exec {$ARGV[0]} @ARGV; exit 127'; };; esac",
  'if [ -n "$execnet_lead" ]; then :; ' +
    'elif [ -r /proc/$$/stat ]; then IFS= read -r execnet_g </proc/$$/stat; execnet_g=${execnet_g##*\\) }; set -- $execnet_g; execnet_g=$3; ' +
    'else execnet_g=$(ps -o pgid= -p $$); execnet_g=$((execnet_g)); fi',
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
        `${name} can't be started so that it could be ended for certain: it gets no process group of its own there, and there is neither "setsid" nor "perl"`,
      );
  }
}

/** How often the script looks whether a group is gone, 50 ms apart where `sleep` takes fractions: two seconds, as for processes of this machine. */
const LOOKS = 40;

/**
 * A function for `sh` that kills a process group, with `i` for its patience, and sets `execnet_left` to the numbers of those of its processes that can't be killed: nothing, when
 * all is gone. Zombies count as gone.
 */
const END_GROUP = [
  'LC_ALL=C; export LC_ALL',
  'members() { if [ -r /proc/self/stat ]; then for f in /proc/[0-9]*/stat; do { IFS= read -r s <"$f"; } 2>/dev/null || continue; p=${s%% *}; ' +
    'set -- "$1" ${s##*\\) }; [ "$4" = "$1" ] && [ "$2" != Z ] && [ "$2" != X ] && echo "$p"; done; ' +
    'else ps -A -o pid= -o pgid= -o state= | while read -r p q t; do case $q$t in $1[ZX]*) ;; $1*) [ "$q" = "$1" ] && echo "$p";; esac; done; fi; }',
  'end_group() { execnet_left=; while case $(kill -s KILL -- -$1 2>&1) in *"o such process"*) false;; esac; do ' +
    `execnet_left=$(members $1); [ -n "$execnet_left" ] || return 0; i=$((i+1)); [ $i -lt ${LOOKS} ] || return 0; sleep 0.05 2>/dev/null || sleep 1; ` +
    'done; execnet_left=; }',
].join('; ');

/**
 * The text of a line for `sh` that kills process groups: it prints a line with the mark, reads lines of numbers, kills those groups, and prints for each its
 * number and of those of its processes that can't be killed: `<mark>4711: 4712 4713.` and a line feed.
 */
export function killScript(mark: string): string {
  return [
    END_GROUP,
    `printf '%s\\n' ${mark}`,
    'while IFS= read -r groups; do i=0; for g in $groups; do kill -s KILL -- -$g 2>/dev/null; done; ' +
      `for g in $groups; do end_group $g; printf '%s%s:%s.\\n' ${mark} $g "$(printf ' %s' $execnet_left)"; done; done`,
  ].join('; ');
}
