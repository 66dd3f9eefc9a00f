import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { onBothClients, ownInterpreter, specOn } from './fixtures/ssh-clients.ts';
import { suite, test } from './fixtures/tests.ts';

/** What the descriptors of a process lead to, by number. */
function descriptorsOf(pid: number | 'self'): Map<number, string> {
  const found = new Map<number, string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // that of the folder itself
    }
  }
  return found;
}

const socketsOf = (pid: number | 'self'): string[] =>
  [...descriptorsOf(pid).values()].filter((target) => target.startsWith('socket:'));

/** Starts `sleep` in every way that the runtime knows, with nothing of the parent's; the pids. */
const SLEEPERS = `
  const { spawn } = require('node:child_process');
  const pids = [spawn('sleep', ['1000'], { stdio: 'ignore' }).pid];
  if (globalThis.Bun) pids.push(Bun.spawn(['sleep', '1000'], { stdio: ['ignore', 'ignore', 'ignore'] }).pid);
  if (globalThis.Deno) {
    const child = new Deno.Command('sleep', { args: ['1000'], stdin: 'null', stdout: 'null', stderr: 'null' }).spawn();
    pids.push(child.pid);
    globalThis.kept = child;
  }
  channel.sendSync(pids);
  await channel.receive();
`;

// before any other test: the hooks stay once they are there
const hooks = suite('hooks');
hooks(
  'a group without an exit hook installs no listener, one with it installs them with its first gateway',
  async () => {
    const count = (): Record<string, number> =>
      Object.fromEntries(process.eventNames().map((event) => [String(event), process.listenerCount(event)]));
    const [interpreter] = sharedEnds;
    assert.ok(interpreter);
    const before = count();
    await using without = new Group({ exitHook: false });
    await (await without.makeGateway(specOf(interpreter))).call(() => 1);
    assert.equal(count(), before);
    await using first = new Group();
    await first.makeGateway(specOf(interpreter));
    const hooked = count();
    const { beforeExit = 0, exit = 0 } = before;
    assert.equal(hooked, { ...before, beforeExit: beforeExit + 1, exit: exit + 1 });
    await using second = new Group();
    await second.makeGateway(specOf(interpreter));
    assert.equal(count(), hooked, 'once for all groups');
  },
);
hooks.run();

for (const interpreter of sharedEnds) {
  interpreter.test('children of remote code inherit no descriptor of the protocol', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
    const own = descriptorsOf(gateway.peer.pid);
    for (const fd of [3, 4]) assert.match(own.get(fd) ?? '', /^socket:/);
    // on the main thread, then on a pool thread
    const channels = [gateway.remoteExec(SLEEPERS), gateway.remoteExec(SLEEPERS)];
    for (const channel of channels) {
      for (const pid of (await channel.receive()) as number[]) {
        assert.equal(socketsOf(pid), []);
      }
    }
  });

  interpreter.test('a child that left the group keeps no connection open', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
    gateway.stdout?.resume();
    gateway.stderr?.resume();
    const escaped = await gateway.call(() => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      return spawn('sleep', ['1000'], { stdio: 'inherit', detached: true }).pid as number;
    });
    const started = performance.now();
    try {
      process.kill(gateway.peer.pid, 'SIGKILL');
      const lost = await failureOf(gateway.remoteExec('await channel.receive()').receive());
      assert.is((lost as { signal?: string }).signal, 'SIGKILL');
      await gateway.join();
      assert.ok(performance.now() - started < 1000, `${performance.now() - started} ms`);
    } finally {
      process.kill(escaped, 'SIGKILL');
    }
    assert.equal(await stillRunning([escaped], 1000), []);
  });

  interpreter.test('no remote end, and no other child, inherits the local end of a connection', async () => {
    await using group = new Group();
    const gateways: Gateway[] = [];
    for (let n = 0; n < 3; n++) gateways.push(await group.makeGateway(specOf(interpreter)));
    const own = new Set(socketsOf('self'));
    const other = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await new Promise((resolve) => other.once('spawn', resolve));
    try {
      for (const pid of [...gateways.map(({ peer }) => peer.pid), other.pid as number]) {
        assert.equal(
          socketsOf(pid).filter((socket) => own.has(socket)),
          [],
        );
      }
    } finally {
      other.kill('SIGKILL');
    }
    await group.terminate();
  });
}

/** Asserts that rounds after the first leave no descriptor and no listener. */
async function assertLeavesNothing(round: (group: Group) => Promise<void>): Promise<void> {
  const once = async (): Promise<void> => {
    await using group = new Group({ exitHook: false });
    await round(group);
  };
  const state = (): { sockets: number; listeners: unknown[] } => ({
    sockets: socketsOf('self').length,
    listeners: process.eventNames().map((event) => [event, process.listenerCount(event)]),
  });
  // the first one loads what stays
  await once();
  const before = state();
  for (let n = 0; n < 5; n++) await once();
  // some runtimes close a moment later
  const deadline = performance.now() + 2000;
  while (socketsOf('self').length > before.sockets && performance.now() < deadline) await sleep(5);
  const after = state();
  // those of the first round may have been closing
  assert.ok(after.sockets <= before.sockets, `${after.sockets} sockets, where there were ${before.sockets}`);
  assert.equal(after.listeners, before.listeners);
}

test('gateways leave no descriptor, listener or timer behind', () =>
  assertLeavesNothing(async (group) => {
    const [interpreter] = sharedEnds;
    assert.ok(interpreter);
    const gateways = await group.makeGateways([specOf(interpreter), specOf(interpreter, 'stdio=pipe')]);
    await Promise.all(gateways.map((gateway) => gateway.call(() => 1)));
    await failureOf(group.makeGateway('popen//node=/bin/true'));
    // Deno's child_process leaves the extra pipes of a child open that could not be started, and gives nobody a hold of them
    if (runningInterpreter().kind !== 'deno') await failureOf(group.makeGateway('popen//node=/nowhere'));
    await failureOf(group.makeGateway(specOf(interpreter), { signal: AbortSignal.abort() }));
  }));

onBothClients('nor do those over ssh', async (client) => {
  await using host = await startSshd();
  await assertLeavesNothing(async (group) => {
    const spec = specOn(host, client);
    const gateways = await group.makeGateways([spec, spec]);
    await Promise.all(gateways.map((gateway) => gateway.call(() => 1)));
    await failureOf(group.makeGateway(spec.replace(ownInterpreter(), 'node=/nowhere')));
    await failureOf(group.makeGateway(spec, { timeout: 1 }));
  });
});

test('a program that was started with a channel to its parent makes gateways', async () => {
  const { kind, path } = runningInterpreter();
  const own = kind === 'deno' ? ['run', '-A', '--no-lock', '--node-modules-dir=manual'] : [];
  const file = fileURLToPath(new URL('programs/forked.mjs', import.meta.url));
  for (const interpreter of sharedEnds) {
    const child = spawn(path, [...own, file, specOf(interpreter)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('message', (message) => child.send({ echo: message }));
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(JSON.parse(said), { variables: [], answer: 42, message: { echo: 'ready' } });
    assert.is(code, 0);
  }
});

test('variables of a channel that is not there stop nothing', async () => {
  const [interpreter] = sharedEnds;
  await using program = startProgram('ending.mjs', ['after a call'], {
    env: { ...process.env, NODE_UNIQUE_ID: '7' },
  });
  assert.ok(interpreter);
  await program.said();
  assert.is((await program.ended).code, 0);
});

test.run();
