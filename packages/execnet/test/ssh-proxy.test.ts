import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ConnectionLostError, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { clientSection } from '../../../tools/hosts/client-config.mjs';
import type { Host } from '../../../tools/hosts/host.mjs';
import { makeKey } from '../../../tools/hosts/keys.mjs';
import { refusedPort } from '../../../tools/hosts/ports.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { NEVER_YIELDS } from './fixtures/busy.mjs';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { isA } from './fixtures/is-a.ts';
import { childrenOf, isRunning, stillRunning } from './fixtures/processes.ts';
import { check, Folder, leftBehind, onBothClients, refusalOf, specOn } from './fixtures/ssh-clients.ts';
import { test } from './fixtures/tests.ts';

/** The promise is 2 s; interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

/** A configuration of several servers, in the folder of the first: each by its alias, with more lines. */
function configOf(...hosts: readonly (readonly [Host, ...string[]])[]): string {
  const [[{ folder }]] = hosts as [[Host]];
  const file = join(folder, 'all_config');
  writeFileSync(file, hosts.map(([host, ...lines]) => clientSection(host, lines)).join('\n'));
  return file;
}

/** Waits until a process of another is gone. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await after(5);
}

onBothClients('a hop whose port refuses', async (client) => {
  await using host = await startSshd();
  const config = configOf([{ ...host, alias: 'gate', port: await refusedPort() }], [host, 'ProxyJump gate']);
  check(await refusalOf(specOn({ alias: 'host', config }, client)), 'ERR_EXECNET_REFUSED');
  assert.equal(await leftBehind(host), []);
});

onBothClients('ProxyJump: the way leads through another server', async (client) => {
  await using gate = await startSshd({ alias: 'gate' });
  await using host = await startSshd();
  const config = configOf([gate], [host, 'ProxyJump gate']);
  await using group = new Group();
  const gateway = await group.makeGateway(specOn({ alias: 'host', config }, client));
  const { pids } = await gateway.call(() => ({ pids: [process.pid] }));
  assert.is(gate.connections().length, 1);
  assert.is(host.connections().length, 1);
  // large enough for the windows of both connections
  const large = new Uint8Array(5_000_000).fill(7);
  const channel = gateway.remoteExec('await channel.send(await channel.receive())');
  await channel.send(large);
  assert.equal(await channel.receive(), large);
  const spinning = gateway.remoteExec(`${CHILDREN} for (;;);`);
  pids.push(...((await spinning.receive()) as number[]));
  await gateway.terminate({ timeout: 0 });
  assert.equal(pids.filter(isRunning), []);
  assert.equal([await leftBehind(host), await leftBehind(gate)], [[], []]);
});

onBothClients('-J: two hops', async (client) => {
  await using first = await startSshd({ alias: 'first' });
  await using second = await startSshd({ alias: 'second' });
  await using host = await startSshd();
  const config = configOf([first], [second], [host]);
  await using group = new Group();
  const spec = specOn({ alias: '-J first,second host', config }, client);
  const gateway = await group.makeGateway(spec);
  assert.is(await gateway.call(() => 42), 42);
  for (const each of [first, second, host]) assert.is(each.connections().length, 1, each.alias);
  const channel = gateway.remoteExec(`${CHILDREN} ${NEVER_YIELDS}`);
  const pids = [gateway.peer.pid, ...((await channel.receive()) as number[])];
  const pending = failureOf(channel.receive());
  // the first hop dies: nobody but it can tell
  for (const pid of first.connections()) process.kill(pid, 'SIGKILL');
  isA(await pending, ConnectionLostError);
  assert.equal(await stillRunning(pids, LIMIT), []);
  for (const each of [first, second, host]) assert.equal(await leftBehind(each), [], each.alias);
});

onBothClients('gateways behind one hop, and the hop itself', async (client) => {
  await using gate = await startSshd({ alias: 'gate' });
  await using a = await startSshd({ alias: 'a' });
  await using b = await startSshd({ alias: 'b' });
  const config = configOf([gate], [a, 'ProxyJump gate'], [b, 'ProxyJump gate']);
  await using group = new Group();
  const gateways = await group.makeGateways(
    ['a', 'b', 'a', 'gate'].map((alias) => specOn({ alias, config }, client)),
  );
  assert.equal(await Promise.all(gateways.map((gateway) => gateway.call(() => 42))), Array(4).fill(42));
  if (client === 'ssh2') for (const each of [gate, a, b]) assert.is(each.connections().length, 1, each.alias);
  await group.terminate();
  for (const each of [gate, a, b]) assert.equal(await leftBehind(each), [], each.alias);
});

onBothClients('a hop that forwards nothing', async (client) => {
  await using gate = await startSshd({ alias: 'gate', extra: ['AllowTcpForwarding no'] });
  await using host = await startSshd();
  const config = configOf([gate], [host, 'ProxyJump gate']);
  const failure = await refusalOf(specOn({ alias: 'host', config }, client));
  check(failure, 'ERR_EXECNET_UNREACHABLE', /prohibited|forbids/);
  if (client === 'ssh2') assert.match(failure.message, /gate can't connect to.*AllowTcpForwarding/);
  assert.equal(await leftBehind(gate), []);
});

onBothClients('a host that its hop can not reach', async (client) => {
  await using gate = await startSshd({ alias: 'gate' });
  const port = await refusedPort();
  const config = configOf([gate], [{ ...gate, alias: 'host', port }, 'ProxyJump gate']);
  const failure = await refusalOf(specOn({ alias: 'host', config }, client));
  check(failure, 'ERR_EXECNET_UNREACHABLE', /Connection refused/);
  if (client === 'ssh2') assert.match(failure.message, `gate can't connect to 127.0.0.1:${port}`);
  assert.equal(await leftBehind(gate), []);
});

onBothClients('a hop whose key is another, or unknown, is not passed', async (client) => {
  await using gate = await startSshd({ alias: 'gate' });
  await using host = await startSshd();
  const config = configOf([gate], [host, 'ProxyJump gate']);
  const key = await makeKey(join(gate.folder, 'other'), 'ed25519');
  const known = `[127.0.0.1]:${gate.port}`;
  for (const [text, code] of [
    ['', 'ERR_EXECNET_HOST_KEY_UNKNOWN'],
    [`${known} ${readFileSync(`${key}.pub`, 'utf8')}`, 'ERR_EXECNET_HOST_KEY_CHANGED'],
  ] as const) {
    writeFileSync(gate.knownHosts, text);
    const failure = await refusalOf(specOn({ alias: 'host', config }, client));
    check(failure, code, new RegExp(String(gate.port)));
  }
  assert.equal([await leftBehind(host), await leftBehind(gate)], [[], []]);
});

onBothClients('a hop that does not let us in, and a host behind one that does not', async (client) => {
  await using gate = await startSshd({ alias: 'gate' });
  await using host = await startSshd();
  const key = await makeKey(join(gate.folder, 'wrong'), 'ed25519');
  for (const config of [
    configOf([{ ...gate, key }], [host, 'ProxyJump gate']),
    configOf([gate], [{ ...host, key }, 'ProxyJump gate']),
  ])
    check(await refusalOf(specOn({ alias: 'host', config }, client)), 'ERR_EXECNET_AUTHENTICATION');
  assert.equal([await leftBehind(host), await leftBehind(gate)], [[], []]);
});

onBothClients('ProxyCommand: a command is the way, and ends with the last gateway', async (client) => {
  await using gate = await startSshd({ alias: 'gate' });
  await using host = await startSshd();
  const file = join(host.folder, 'pid');
  const through = `ssh -F "${gate.config}" -W %h:%p gate`;
  const config = configOf([host, `ProxyCommand sh -c 'echo $$ > ${file}; exec ${through}'`]);
  await using group = new Group();
  const gateways = await group.makeGateways(
    Array.from({ length: client === 'ssh2' ? 3 : 1 }, () => specOn({ alias: 'host', config }, client)),
  );
  for (const gateway of gateways) assert.is(await gateway.call(() => 42), 42);
  const pid = Number(readFileSync(file, 'utf8'));
  assert.ok(isRunning(pid));
  assert.is(gate.connections().length, 1);
  await group.terminate();
  await gone(pid);
  assert.equal([await leftBehind(host), await leftBehind(gate)], [[], []]);
});

onBothClients('a ProxyCommand that fails shows what it wrote', async (client) => {
  await using host = await startSshd();
  for (const [command, said] of [
    ['sh -c "echo it broke >&2; exit 3"', /it broke/],
    ['no-such-program %h', /no-such-program/],
    ['true', /ProxyCommand/],
  ] as const) {
    const config = configOf([host, `ProxyCommand ${command}`]);
    const failure = await refusalOf(specOn({ alias: 'host', config }, client));
    check(failure, 'ERR_EXECNET_UNREACHABLE', said);
    if (client === 'ssh2') assert.match(failure.message, /ProxyCommand \(.*ended with code (3|127|0)/);
  }
  assert.equal(await leftBehind(host), []);
});

onBothClients('a ProxyCommand that says nothing, and does not end by itself', async (client) => {
  await using host = await startSshd();
  using folder = new Folder();
  const file = join(folder.path, 'pid');
  const stubborn = folder.file(
    'stubborn',
    `#!/bin/sh\ntrap '' HUP INT TERM PIPE\necho $$ > ${file}.new; mv ${file}.new ${file}\nsleep 1000\n`,
  );
  const config = configOf([host, `ProxyCommand ${stubborn}`]);
  const controller = new AbortController();
  const enough = new Error('enough');
  const failure = refusalOf(specOn({ alias: 'host', config }, client), { signal: controller.signal });
  while (!existsSync(file)) await after(5);
  const pid = Number(readFileSync(file, 'utf8'));
  const children = childrenOf(pid);
  controller.abort(enough);
  assert.is(await failure, enough);
  assert.equal(await stillRunning([pid, ...children], LIMIT), []);
});

test.run();
