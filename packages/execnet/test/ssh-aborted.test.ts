import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Group, Registry, ssh, thread } from 'execnet';
import * as assert from 'uvu/assert';
import { clientSection } from '../../../tools/hosts/client-config.mjs';
import { silentServer } from '../../../tools/hosts/ports.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { isRunning } from './fixtures/processes.ts';
import {
  check,
  Folder,
  leftBehind,
  onBothClients,
  refusalOf,
  specAt,
  specOf,
  specOn,
} from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

const enough = new Error('enough');

onBothClients('a signal that is aborted before anything is done', async (client) => {
  await using silent = await silentServer();
  const spec = specAt(client, `127.0.0.1:${silent.port}`);
  assert.is(await refusalOf(spec, { signal: AbortSignal.abort(enough) }), enough);
  assert.is(silent.connections(), 0);
});

onBothClients('a signal that is aborted while the server says nothing', async (client) => {
  await using silent = await silentServer();
  const controller = new AbortController();
  const spec = specAt(client, `127.0.0.1:${silent.port}`);
  const failure = refusalOf(spec, { signal: controller.signal });
  while (silent.connections() === 0) await after(5);
  controller.abort(enough);
  assert.is(await failure, enough);
  while (silent.connections() > 0) await after(5);
});

testOn(['sshd', 'dropbear'], 'ssh2: a signal that is aborted while a password is asked for', async () => {
  await using host = await startSshd({ password: true });
  writeFileSync(host.config, `${clientSection(host)}  PreferredAuthentications password\n`);
  const controller = new AbortController();
  let tell: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const transport = ssh({
    password: () => {
      tell();
      return new Promise(() => {});
    },
  });
  const group = new Group({ registry: new Registry([transport, thread()]) });
  const failure = refusalOf(specOn(host, 'ssh2'), { group, signal: controller.signal });
  await asked;
  controller.abort(enough);
  assert.is(await failure, enough);
  assert.equal(await leftBehind(host), []);
});

onBothClients('a signal that is aborted while the program starts', async (client) => {
  await using host = await startSshd();
  using folder = new Folder();
  const started = join(folder.path, 'started');
  const slow = folder.file(
    'slow',
    `#!/bin/sh\nsleep 1000 & echo $$ $! > ${started}.new; mv ${started}.new ${started}; wait\n`,
  );
  const controller = new AbortController();
  const failure = refusalOf(`${specOf(host, client)}//node=${slow}`, { signal: controller.signal });
  while (!existsSync(started)) await after(5);
  const pids = readFileSync(started, 'utf8').trim().split(' ').map(Number);
  assert.equal(pids.filter(isRunning), pids);
  controller.abort(enough);
  assert.is(await failure, enough);
  assert.equal(pids.filter(isRunning), [], 'they are gone when it rejects');
  assert.equal(await leftBehind(host), []);
});

onBothClients('a signal that is aborted anywhere in between leaves nothing', async (client) => {
  await using host = await startSshd();
  await using group = new Group();
  const start = performance.now();
  await (await group.makeGateway(specOn(host, client))).terminate();
  const took = performance.now() - start;
  // where each falls differs from run to run; whatever it meets, nothing is left
  for (const part of [0.1, 0.2, 0.3, 0.4, 0.5]) {
    const controller = new AbortController();
    const making = Promise.allSettled([
      group.makeGateway(specOn(host, client), { signal: controller.signal }),
    ]);
    await after(took * part);
    controller.abort(enough);
    const [outcome] = await making;
    if (outcome.status === 'fulfilled') await outcome.value.terminate();
    else assert.is(outcome.reason, enough);
    assert.is(group.size, 0);
  }
  assert.equal(await leftBehind(host), []);
});

onBothClients('a program that says no hello is given up after the timeout', async (client) => {
  await using host = await startSshd();
  using folder = new Folder();
  const slow = folder.file('slow', '#!/bin/sh\nsleep 1000\n');
  chmodSync(slow, 0o755);
  const failure = await refusalOf(`${specOf(host, client)}//node=${slow}`, { timeout: 1500 });
  check(failure, 'ERR_EXECNET_CONNECT_TIMEOUT', /no hello within 1500 ms/);
  assert.equal(await leftBehind(host), []);
});

test.run();
