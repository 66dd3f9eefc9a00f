import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ConnectionLostError, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { clientSection } from '../../../tools/hosts/client-config.mjs';
import { startDropbear } from '../../../tools/hosts/dropbear.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { NEVER_YIELDS } from './fixtures/busy.mjs';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { isA } from './fixtures/is-a.ts';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { leftBehind, onBothClients, specOn } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** The promise is 2 s; interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

/** Several gateways of one spec, made at once. */
async function several(group: Group, count: number, spec: string): Promise<Gateway[]> {
  return await group.makeGateways(Array.from({ length: count }, () => spec));
}

testOn(['sshd'], 'a server that allows no session says so', async () => {
  await using host = await startSshd({ maxSessions: 0 });
  await using group = new Group();
  const failure = await failureOf(group.makeGateway(specOn(host, 'ssh2')));
  assert.is(failure.code, 'ERR_EXECNET_SPAWN');
  assert.match(failure.message, /MaxSessions/);
  assert.equal(await leftBehind(host), []);
});

for (const [server, start] of [
  ['sshd', startSshd],
  ['dropbear', startDropbear],
] as const) {
  testOn([server], `${server}: ten gateways share one connection, which ends with the last`, async () => {
    await using host = await start();
    await using group = new Group();
    const gateways = await several(group, 10, specOn(host, 'ssh2'));
    const pids = await Promise.all(gateways.map((gateway) => gateway.call(() => process.pid)));
    assert.is(new Set(pids).size, 10);
    assert.is(host.connections().length, 1);
    const [last, ...others] = gateways as [Gateway, ...Gateway[]];
    await Promise.all(others.map((gateway) => gateway.terminate()));
    assert.equal(pids.filter(isRunning), [last.peer.pid]);
    assert.is(host.connections().length, 1);
    assert.is(await last.call(() => 42), 42);
    await last.terminate();
    assert.equal(await leftBehind(host), []);
    // and the next one makes another
    const next = await group.makeGateway(specOn(host, 'ssh2'));
    assert.is(await next.call(() => 42), 42);
    assert.is(host.connections().length, 1);
  });

  testOn([server], `${server}: gateways made one after the other share it as well`, async () => {
    await using host = await start();
    await using group = new Group();
    await group.makeGateway(specOn(host, 'ssh2'));
    const [connection] = host.connections();
    for (let round = 0; round < 5; round++) {
      const gateway = await group.makeGateway(specOn(host, 'ssh2'));
      assert.is(await gateway.call(() => 42), 42);
      await gateway.terminate();
      assert.equal(host.connections(), [connection]);
    }
  });
}

testOn(['sshd'], 'groups share a connection, and one that fails closes it for nobody', async () => {
  await using host = await startSshd();
  await using group = new Group();
  const gateway = await group.makeGateway(specOn(host, 'ssh2'));
  await using other = new Group();
  const failure = await failureOf(other.makeGateway(`${specOn(host, 'ssh2')}//chdir=/proc/nowhere`));
  assert.is(failure.code, 'ERR_EXECNET_CHDIR');
  assert.is(await (await other.makeGateway(specOn(host, 'ssh2'))).call(() => 42), 42);
  assert.is(host.connections().length, 1);
  await other.terminate();
  assert.is(await gateway.call(() => 42), 42);
});

testOn(['sshd'], 'what asks for another login, or other settings, gets a connection of its own', async () => {
  await using host = await startSshd({ acceptEnv: ['GIVEN'] });
  await using group = new Group();
  const { key, keyWithPassphrase } = host;
  const plain = clientSection(host);
  const config = join(host.folder, 'other_config');
  writeFileSync(
    config,
    [
      plain,
      clientSection({ ...host, alias: 'set' }, ['SetEnv GIVEN=1']),
      clientSection({ ...host, alias: 'keys' }, [`IdentityFile "${keyWithPassphrase}"`]),
    ].join('\n'),
  );
  assert.ok(key);
  for (const [alias, count] of [
    ['host', 1],
    ['set', 2],
    ['keys', 3],
    ['host', 3],
    ['keys', 3],
  ] as const) {
    await group.makeGateway(specOn({ alias, config }, 'ssh2'));
    assert.is(host.connections().length, count, alias);
  }
});

testOn(['sshd'], 'a dozen gateways and more are made at once', async () => {
  await using host = await startSshd();
  await using group = new Group();
  const gateways = await several(group, 15, specOn(host, 'ssh2'));
  assert.is(host.connections().length, 1);
  const sums = await Promise.all(gateways.map((gateway, n) => gateway.call((one) => one * 2, n)));
  assert.equal(
    sums,
    gateways.map((_, n) => n * 2),
  );
  await group.terminate();
  assert.equal(await leftBehind(host), []);
});

testOn(
  ['sshd'],
  'a server that allows two sessions gets more connections, and is asked for no more',
  async () => {
    await using host = await startSshd({ maxSessions: 2 });
    await using group = new Group();
    const gateways = await several(group, 5, specOn(host, 'ssh2'));
    assert.equal(await Promise.all(gateways.map((gateway) => gateway.call(() => 42))), Array(5).fill(42));
    assert.is(host.connections().length, 3);
    // there is room for one: nobody else needs another
    await group.makeGateway(specOn(host, 'ssh2'));
    assert.is(host.connections().length, 3);
    await group.terminate();
    assert.equal(await leftBehind(host), []);
  },
);

testOn(['sshd'], 'a server that allows one session: terminate kills over another connection', async () => {
  await using host = await startSshd({ maxSessions: 1 });
  await using group = new Group();
  const gateways = await several(group, 2, specOn(host, 'ssh2'));
  const pids: number[] = [];
  for (const gateway of gateways) {
    const channel = gateway.remoteExec(`${CHILDREN} for (;;);`);
    pids.push(gateway.peer.pid, ...((await channel.receive()) as number[]));
  }
  assert.equal(pids.filter(isRunning), pids);
  await gateways[0]?.terminate({ timeout: 0 });
  assert.equal(pids.filter(isRunning), pids.slice(3));
  await group.terminate({ timeout: 0 });
  assert.equal(pids.filter(isRunning), []);
  assert.equal(await leftBehind(host), []);
});

testOn(
  ['sshd'],
  'when the connection dies, all that share it are told, and end though their code never yields',
  async () => {
    await using host = await startSshd();
    await using group = new Group();
    const gateways = await several(group, 3, specOn(host, 'ssh2'));
    const pids: number[] = [];
    const pending: Promise<Error>[] = [];
    for (const gateway of gateways) {
      const channel = gateway.remoteExec(`${CHILDREN} ${NEVER_YIELDS}`);
      pids.push(gateway.peer.pid, ...((await channel.receive()) as number[]));
      pending.push(failureOf(channel.receive()));
    }
    for (const pid of host.connections()) process.kill(pid, 'SIGKILL');
    for (const lost of await Promise.all(pending)) {
      isA(lost, ConnectionLostError);
      assert.match(
        lost.message,
        new RegExp(`the ssh connection to 127.0.0.1:${host.port} (was closed|failed)`),
      );
    }
    assert.equal(await stillRunning(pids, LIMIT), []);
    const next = await group.makeGateway(specOn(host, 'ssh2'));
    assert.is(await next.call(() => 42), 42);
    assert.is(host.connections().length, 1);
  },
);

testOn(['sshd', 'ssh'], 'openssh: gateways share the connection of a ControlMaster', async () => {
  await using host = await startSshd();
  const socket = join(host.folder, 'master');
  const master = spawn('ssh', ['-F', host.config, '-N', '-M', '-S', socket, host.alias], { stdio: 'ignore' });
  const exited = once(master, 'exit');
  try {
    while (!existsSync(socket)) await after(5);
    await using group = new Group();
    writeFileSync(host.config, clientSection(host, [`ControlPath "${socket}"`]));
    const gateways = await several(group, 3, specOn(host, 'openssh'));
    assert.is(host.connections().length, 1);
    const pids = gateways.map(({ peer }) => peer.pid);
    await gateways[0]?.remoteExec('channel.sendSync(0); for (;;);').receive();
    await group.terminate({ timeout: 0 });
    assert.equal(pids.filter(isRunning), []);
    assert.is(host.connections().length, 1);
  } finally {
    master.kill();
    await exited;
  }
  assert.equal(await leftBehind(host), []);
});

onBothClients('gateways made at once work beside each other, and leave nothing', async (client) => {
  await using host = await startSshd();
  await using group = new Group();
  const gateways = await several(group, 4, specOn(host, client));
  assert.equal(await Promise.all(gateways.map((gateway) => gateway.call(() => 42))), Array(4).fill(42));
  assert.is(host.connections().length, client === 'ssh2' ? 1 : 4);
  await group.terminate();
  assert.equal(await leftBehind(host), []);
});

test.run();
