import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Group } from 'execnet';
import * as assert from 'uvu/assert';
import type { Host } from '../../../tools/hosts/host.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { isRunning } from './fixtures/processes.ts';
import { leftBehind, onBothClients, specOn } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** A server whose users wait for their shell, as with pyenv, nvm, or a home on another machine. */
const startSlow = (seconds: number): Promise<Host> =>
  startSshd({ shell: 'bash', rc: `echo >>~/logins; sleep ${seconds}` });

/** The number of logins so far. */
const loginsOf = ({ home }: Host): number => readFileSync(join(home, 'logins')).length;

onBothClients(
  'gateways that end by themselves prove that they are gone without another login',
  async (client) => {
    await using host = await startSlow(1.5);
    await using group = new Group();
    // a server lets in ten at once that have no connection yet
    const count = client === 'ssh2' ? 15 : 5;
    const gateways = await group.makeGateways(Array.from({ length: count }, () => specOn(host, client)));
    const pids = gateways.map(({ peer }) => peer.pid);
    assert.is(loginsOf(host), count);
    await group.terminate({ timeout: 3000 });
    assert.equal(pids.filter(isRunning), []);
    assert.is(loginsOf(host), count);
    assert.equal(await leftBehind(host), []);
  },
);

onBothClients('those that do not end by themselves are killed in one login', async (client) => {
  await using host = await startSlow(1.5);
  await using group = new Group();
  const gateways = await group.makeGateways(Array.from({ length: 4 }, () => specOn(host, client)));
  const pids = gateways.map(({ peer }) => peer.pid);
  for (const pid of pids.slice(1)) process.kill(pid, 'SIGSTOP');
  await group.terminate({ timeout: 0 });
  assert.equal(pids.filter(isRunning), []);
  assert.is(loginsOf(host), 5);
  assert.equal(await leftBehind(host), []);
});

testOn(
  ['sshd'],
  'one that has to be killed behind a login of nine seconds is, and the one beside it goes on',
  async () => {
    await using host = await startSlow(9);
    await using group = new Group();
    const [stopped, working] = await group.makeGateways([specOn(host, 'ssh2'), specOn(host, 'ssh2')]);
    assert.ok(stopped && working);
    process.kill(stopped.peer.pid, 'SIGSTOP');
    const channel = working.remoteExec('for await (const item of channel) await channel.send(item + 1)');
    const over = stopped.terminate({ timeout: 0 }).then(() => true);
    let rounds = 0;
    for (let done = false; !done; rounds++) {
      await channel.send(rounds);
      assert.is(await channel.receive(), rounds + 1);
      done = await Promise.race([over, after(100, false)]);
    }
    assert.not(isRunning(stopped.peer.pid));
    assert.is(await working.call(() => 42), 42);
    assert.is(loginsOf(host), 3);
    await group.terminate();
    assert.is(loginsOf(host), 3);
    assert.equal(await leftBehind(host), []);
  },
);

test.run();
