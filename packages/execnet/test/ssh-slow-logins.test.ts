import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startDropbear } from '../../../tools/hosts/dropbear.mjs';
import type { Host } from '../../../tools/hosts/host.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { isRunning } from './fixtures/processes.ts';
import { leftBehind, onBothClients, pythonOn, specOn } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** A server whose users wait for their shell, as with pyenv, nvm, or a home on another machine. */
const startSlow = (seconds: number, start: typeof startSshd = startSshd): Promise<Host> =>
  start({ shell: 'bash', rc: `echo >>~/logins; sleep ${seconds}` });

/** Milliseconds that ends have to end by themselves, on a busy machine. */
const PATIENCE = 30_000;

/** The number of logins so far. */
const loginsOf = ({ home }: Host): number => readFileSync(join(home, 'logins')).length;

/** Which server and client; a server lets in ten at once that have no connection yet. */
const WAYS = [
  { needs: ['sshd'], server: 'sshd', start: startSshd, client: 'ssh2', count: 15 },
  { needs: ['sshd', 'ssh'], server: 'sshd', start: startSshd, client: 'openssh', count: 5 },
  { needs: ['dropbear'], server: 'dropbear', start: startDropbear, client: 'ssh2', count: 15 },
] as const;

for (const { needs, server, start, client, count } of WAYS) {
  testOn(
    needs,
    `${server}, ${client}: gateways that end by themselves prove that they are gone without another login`,
    async () => {
      await using host = await startSlow(1.5, start);
      await using group = new Group();
      const specs = Array.from({ length: count }, (_, n) =>
        n % 5 === 1 ? pythonOn(host, client) : specOn(host, client),
      );
      const gateways = await group.makeGateways(specs);
      const pids = gateways.map(({ peer }) => peer.pid);
      assert.is(loginsOf(host), count);
      // one that is not known to be gone would be killed, by another login; how soon they are is measured: `npm run bench -- slow-logins`
      await group.terminate({ timeout: PATIENCE });
      assert.equal(pids.filter(isRunning), []);
      assert.is(loginsOf(host), count);
      assert.equal(await leftBehind(host), []);
    },
  );

  testOn(
    needs,
    `${server}, ${client}: those that do not end by themselves are killed in one login`,
    async () => {
      await using host = await startSlow(1.5, start);
      await using group = new Group();
      const own = specOn(host, client);
      const gateways = await group.makeGateways([own, own, own, pythonOn(host, client)]);
      const pids = gateways.map(({ peer }) => peer.pid);
      assert.is(loginsOf(host), 4);
      // Dropbear may close a session that begins at the moment when another one ends: then it is asked again
      for (const pid of server === 'dropbear' ? pids : pids.slice(1)) process.kill(pid, 'SIGSTOP');
      await group.terminate({ timeout: 0 });
      assert.equal(pids.filter(isRunning), []);
      assert.is(loginsOf(host), 5);
      assert.equal(await leftBehind(host), []);
    },
  );
}

testOn(['sshd'], 'so do those on a host that another gateway reaches', async () => {
  await using host = await startSlow(1.5);
  for (const middle of [specOn(host, 'ssh2', 'id=middle'), pythonOn(host, 'ssh2', 'id=middle')]) {
    await using group = new Group();
    await group.makeGateway(middle);
    const before = loginsOf(host);
    const leaves = [specOn(host, 'ssh2', 'via=middle'), pythonOn(host, 'ssh2', 'via=middle')];
    const gateways = await group.makeGateways([...leaves, ...leaves]);
    const [stopped, ...others] = gateways.map(({ peer }) => peer.pid) as [number, ...number[]];
    assert.is(loginsOf(host), before + 4);
    await Promise.all(gateways.slice(1).map((gateway) => gateway.terminate({ timeout: PATIENCE })));
    assert.equal(others.filter(isRunning), []);
    assert.is(loginsOf(host), before + 4);
    process.kill(stopped, 'SIGSTOP');
    await group.terminate({ timeout: 500 });
    assert.not(isRunning(stopped));
    assert.is(loginsOf(host), before + 5);
    assert.equal(await leftBehind(host), []);
  }
});

onBothClients(
  'one that has to be killed behind a login of nine seconds is, and the one beside it goes on',
  async (client) => {
    await using host = await startSlow(9);
    await using group = new Group();
    const [busy, working] = await group.makeGateways([specOn(host, client), specOn(host, client)]);
    assert.ok(busy && working);
    const spinning = busy.remoteExec("process.on('SIGTERM', () => {}); channel.sendSync('spins'); for (;;);");
    assert.is(await spinning.receive(), 'spins');
    const channel = working.remoteExec('for await (const item of channel) await channel.send(item + 1)');
    const over = busy.terminate({ timeout: 0 }).then(() => true);
    let rounds = 0;
    for (let done = false; !done; rounds++) {
      await channel.send(rounds);
      assert.is(await channel.receive(), rounds + 1);
      done = await Promise.race([over, after(100, false)]);
    }
    assert.not(isRunning(busy.peer.pid));
    assert.is(await working.call(() => 42), 42);
    assert.is(loginsOf(host), 3);
    await group.terminate();
    assert.is(loginsOf(host), 3);
    assert.equal(await leftBehind(host), []);
  },
);

test.run();
