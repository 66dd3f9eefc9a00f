// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scripts expand their own variables
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TerminateError } from '../../src/errors/index.ts';
import {
  GroupKiller,
  localHost,
  type OpenShell,
  type ShellAccess,
  shellCommand,
  throughShell,
} from '../../src/host/index.ts';
import type { Command, Connection } from '../../src/registry/index.ts';
import { quoteWord } from '../../src/spec/index.ts';
import { Sink } from './sink.ts';

const script = (text: string): Command => ({
  file: 'sh',
  args: ['-c', text],
  env: {},
  descriptors: { input: 3, output: 4 },
});

/** Starts a shell of this machine in place of one far away. */
const open: OpenShell = (line) =>
  localHost.spawn({ file: 'sh', args: ['-c', line], env: {}, descriptors: { input: 0, output: 1 } });

interface ConnectOptions {
  readonly login?: string;
  readonly kill?: OpenShell;
  /** Another shell waits for it. */
  readonly wrapped?: boolean;
}

/** A connection through such a shell; before it reads the script it runs `login`. `logins`: what was opened to kill. */
async function connect(
  command: Command,
  { login = '', kill = open, wrapped = false, ...access }: ConnectOptions & Partial<ShellAccess> = {},
): Promise<{ connection: Connection; done: Promise<void>; logins: string[] }> {
  const shell = shellCommand(command);
  const logins: string[] = [];
  let over = (): void => {};
  const done = new Promise<void>((resolve) => {
    over = resolve;
  });
  const killer = new GroupKiller((line, signal) => {
    logins.push(line);
    return kill(line, signal);
  });
  const line = wrapped ? `sh -c ${quoteWord(shell.line)}; exit $?` : shell.line;
  const inner = await open(`${login}\n${line}`, new AbortController().signal);
  const connection = throughShell(inner, shell, { command, host: 'wyvern', killer, done: over, ...access });
  return { connection, done, logins };
}

/** Zombies have ended: where process 1 does not reap, they stay. */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/status`;
  return existsSync(file) && !/^State:\s+[ZX]/m.test(readFileSync(file, 'utf8'));
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    (value) => Promise.reject(new Error(`resolved with ${String(value)}`)),
    (error: Error) => error,
  );
}

test('what the shell answers is taken out of what arrives, and a greeting before it is passed on', async () => {
  const { connection, done } = await connect(script('printf "in: " >&4; cat <&3 >&4; echo printed; exit 3'), {
    login: 'echo Welcome to wyvern',
  });
  const sink = new Sink(connection);
  connection.write(Buffer.from('bytes'));
  connection.end();
  await sink.ended;
  await done;
  assert.is(sink.text, 'Welcome to wyvern\nin: bytes');
  assert.is(sink.outputs.stderr, 'printed\n');
  const { code, error } = await connection.closed;
  assert.equal([code, error], [3, undefined]);
  assert.throws(() => new Sink(connection), TypeError);
});

test('what came before there was a sink comes first', async () => {
  const { connection } = await connect(script('printf one >&4; printf two >&4; printf three >&2'));
  await connection.closed;
  const sink = new Sink(connection);
  assert.is(sink.text, '', 'nothing before start has returned');
  await sink.ended;
  assert.is(sink.text, 'onetwo');
  assert.is(sink.outputs.stderr, 'three');
  assert.equal(sink.ends, [undefined]);
});

test('what the shell can not do is the reason of the end, as a ConnectError', async () => {
  const { connection, done } = await connect({ ...script(''), file: '/nowhere/node' });
  const sink = new Sink(connection);
  await sink.ended;
  const [reason] = sink.ends;
  assert.is((reason as { code?: string }).code, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
  assert.is((await connection.closed).error, reason);
  await done;
});

test('abort kills the group by the second way, and resolves when nothing is left', async () => {
  const { connection, done, logins } = await connect(
    script('trap "" TERM HUP; sleep 1000 & printf "%s " $$ $! >&4; wait'),
  );
  const sink = new Sink(connection);
  await sink.until(({ text }) => text.trim().split(' ').length === 2 && text.endsWith(' '));
  const pids = sink.text.trim().split(' ').map(Number);
  assert.equal(pids.filter(runs), pids);
  await Promise.all([connection.abort(), connection.abort()]);
  assert.equal(pids.filter(runs), []);
  await done;
  assert.is(logins.length, 1);
});

test('what a program leaves behind when it ends by itself goes, too, and nobody logs in for that', async () => {
  const { connection, done, logins } = await connect(
    script('sleep 1000 </dev/null >/dev/null 2>&1 & printf "%s" $! >&4; exit 3'),
  );
  const sink = new Sink(connection);
  assert.is((await connection.closed).code, 3);
  assert.not(runs(Number(sink.text)));
  await connection.abort();
  await done;
  assert.equal(logins, []);
});

/** The state and the process group of a process (proc(5)). */
function stateOf(pid: number): [state: string, group: number] {
  const [state = '', , group] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return [state, Number(group)];
}

test('a zombie that nobody reaps does not count as left behind', async () => {
  // its parent leaves the group, and waits for no child
  const parent =
    '( sleep 0.2 </dev/null >/dev/null 2>&1 3>&- 4>&- & echo $! >&4; exec setsid sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- )';
  const { connection, done, logins } = await connect(
    script(`${parent} & echo "parent $! of group $$" >&4; read x <&3; exit 3`),
  );
  const sink = new Sink(connection);
  const said = (pattern: RegExp): number => Number(pattern.exec(sink.text)?.[1]);
  await sink.until(({ text }) => /^parent.*\n/m.test(text) && /^\d+\n/m.test(text));
  const [group, left, zombie] = [said(/group (\d+)/), said(/parent (\d+)/), said(/^(\d+)\n/m)];
  try {
    while (stateOf(left)[1] === group || stateOf(zombie)[0] !== 'Z')
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(stateOf(zombie), ['Z', group]);
    connection.end();
    assert.is((await connection.closed).code, 3);
    assert.equal(stateOf(zombie), ['Z', group], 'it is still there');
    await connection.abort();
    await done;
    assert.equal(logins, []);
  } finally {
    process.kill(left, 'SIGKILL');
  }
});

test('a program that a signal ends is told by the signal, and is known to be gone', async () => {
  for (const signal of ['KILL', 'TERM', 'SEGV'] as const) {
    const { connection, done, logins } = await connect(script(`kill -s ${signal} $$`));
    new Sink(connection);
    const exit = await connection.closed;
    assert.equal([exit.code, exit.signal], [undefined, `SIG${signal}`]);
    await connection.abort();
    await done;
    assert.equal(logins, []);
  }
});

test('a shell that is killed proves nothing: the program is killed by the second way', async () => {
  const { connection, done, logins } = await connect(script('printf $$ >&4; sleep 1000'));
  const sink = new Sink(connection);
  await sink.until(({ text }) => text !== '');
  assert.ok(runs(Number(sink.text)));
  process.kill(Number(/\d+$/.exec(connection.remoteAddress)), 'SIGKILL');
  assert.is((await connection.closed).signal, 'SIGKILL');
  await done;
  assert.not(runs(Number(sink.text)));
  assert.is(logins.length, 1);
});

test('what several shells have started that are killed at once is killed in one login', async () => {
  let logins = 0;
  const killer = new GroupKiller((line, signal) => {
    logins++;
    return open(`sleep 0.3; ${line}`, signal);
  });
  const started = await Promise.all(
    Array.from({ length: 4 }, () => connect(script('printf $$ >&4; sleep 1000'), { killer })),
  );
  const sinks = started.map(({ connection }) => new Sink(connection));
  await Promise.all(sinks.map((sink) => sink.until(({ text }) => text !== '')));
  for (const { connection } of started)
    process.kill(Number(/\d+$/.exec(connection.remoteAddress)), 'SIGKILL');
  await Promise.all(started.map(({ done }) => done));
  assert.equal(
    sinks.map(({ text }) => runs(Number(text))),
    [false, false, false, false],
  );
  assert.is(logins, 1);
});

test('what waits for the shell itself proves nothing when that is killed', async () => {
  // as a ForceCommand, sudo, or `docker exec` may
  const { connection, done, logins } = await connect(script('printf "$$ $PPID" >&4; sleep 1000'), {
    wrapped: true,
  });
  const sink = new Sink(connection);
  await sink.until(({ text }) => text !== '');
  const [program, subshell] = sink.text.split(' ').map(Number) as [number, number];
  const [, shell = ''] =
    /^\S+ (\d+)/.exec(readFileSync(`/proc/${subshell}/stat`, 'utf8').split(') ')[1] ?? '') ?? [];
  process.kill(Number(shell), 'SIGKILL');
  await connection.closed;
  await done;
  assert.not(runs(program));
  assert.is(logins.length, 1);
});

test('a kill that is given up before it begins, or asked for twice', async () => {
  let logins = 0;
  const killer = new GroupKiller((line, signal) => {
    logins++;
    return open(line, signal);
  });
  const reason = new Error('not any more');
  assert.is(await failureOf(killer.kill(1, AbortSignal.abort(reason))), reason);
  assert.is(logins, 0);
  const { connection } = await connect(script('printf $$ >&4; read x <&3; sleep 1000'));
  const sink = new Sink(connection);
  await sink.until(({ text }) => text !== '');
  const never = new AbortController().signal;
  const twice = [killer.kill(Number(sink.text), never), killer.kill(Number(sink.text), never)];
  assert.equal(await Promise.all(twice), [[], []]);
  assert.is(logins, 1);
});

test('a program that ends while somebody logs in to kill it is not waited for', async () => {
  const { connection, logins } = await connect(script('printf up >&4; read x <&3'), {
    // as long as a login that never comes to its end
    kill: () => new Promise(() => {}),
  });
  const sink = new Sink(connection);
  await sink.until(({ text }) => text !== '');
  const aborted = connection.abort();
  while (logins.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  connection.end();
  await aborted;
  assert.is((await connection.closed).code, 1);
});

test('one shell kills for all that ask while it is open', async () => {
  const pids: number[] = [];
  let logins = 0;
  let begun!: () => void;
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const killer = new GroupKiller(async (line, signal) => {
    logins++;
    begun();
    return await open(`echo Welcome; sleep 0.5; ${line}`, signal);
  });
  const start = async (): Promise<number> => {
    const { connection } = await connect(script('printf $$ >&4; read x <&3; sleep 1000'));
    const sink = new Sink(connection);
    await sink.until(({ text }) => text !== '');
    pids.push(Number(sink.text));
    return Number(sink.text);
  };
  const never = new AbortController().signal;
  const [last, ...first] = await Promise.all([start(), start(), start(), start()]);
  const killed = first.map((pid) => killer.kill(pid, never));
  await beginning;
  const later = killer.kill(last, never);
  assert.equal(await Promise.all([...killed, later]), [[], [], [], []]);
  assert.equal(pids.filter(runs), []);
  assert.is(logins, 1);
  assert.equal(await killer.kill(await start(), never), []);
  assert.is(logins, 2, 'a shell with nothing left to do ends');
});

test('where the second way is gone, abort rejects and names host and process', async () => {
  const { connection } = await connect(script('printf $$ >&4; read x <&3'), {
    kill: () => Promise.reject(new Error('the network is gone')),
  });
  const sink = new Sink(connection);
  await sink.until(({ text }) => text !== '');
  const error = await failureOf(connection.abort());
  assert.instance(error, TerminateError);
  assert.equal((error as TerminateError).remains, [`wyvern pid ${sink.text}`]);
  assert.match(error.message, /nobody can tell whether process \d+ of wyvern is gone: the network is gone/);
  await connection.closed;
});

test('what can not be killed is named', async () => {
  // a shell that says so of the groups that it is asked for
  const liar =
    'read -r script; m=${script##*execnet-kill:}; m=execnet-kill:${m%%:*}:; echo $m; read -r group; echo "$m$group: 11 12."; cat';
  const { connection } = await connect(script('printf up >&4; read x <&3'), {
    kill: (_, signal) => open(liar, signal),
  });
  const sink = new Sink(connection);
  await sink.until(({ text }) => text !== '');
  const error = await failureOf(connection.abort());
  assert.equal((error as TerminateError).remains, ['wyvern pid 11', 'wyvern pid 12']);
});

test('abort waits for an answer that is under way: what is started must be known to be ended', async () => {
  const { connection, done } = await connect(script('sleep 1000'), { login: 'sleep 0.3' });
  await connection.abort();
  await done;
  const { code, signal } = await connection.closed;
  assert.ok(code !== undefined || signal !== undefined);
});

test('a transport that carries the program by one of its own says what the end means', async () => {
  const failure = new Error('not its own exit code');
  const { connection } = await connect(script('exit 255'), {
    explain: ({ code: _code, ...exit }, answered) => ({
      ...exit,
      error: answered ? failure : new Error('no'),
    }),
    remoteAddress: 'wyvern:22',
  });
  new Sink(connection);
  const exit = await connection.closed;
  assert.is(exit.code, undefined);
  assert.is(exit.error, failure);
  assert.is(connection.remoteAddress, 'wyvern:22');
});

test.run();
