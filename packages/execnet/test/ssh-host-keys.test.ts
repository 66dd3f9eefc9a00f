import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Group, Registry, ssh, thread } from 'execnet';
import * as assert from 'uvu/assert';
import { clientSection } from '../../../tools/hosts/client-config.mjs';
import { command } from '../../../tools/hosts/command.mjs';
import type { Host } from '../../../tools/hosts/host.mjs';
import { makeKey } from '../../../tools/hosts/keys.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { type Client, check, leftBehind, onBothClients, refusalOf, specOn } from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** The public key of the server, type and text. */
function keyOf({ hostKeyFiles }: Host, index = 0): string {
  return readFileSync(`${hostKeyFiles[index]}.pub`, 'utf8').split(' ', 2).join(' ');
}

/** Lines that come first in the client's configuration, and win. */
function configure(host: Host, ...lines: readonly string[]): void {
  writeFileSync(host.config, `Host *\n${lines.map((one) => `  ${one}\n`).join('')}${clientSection(host)}`);
}

async function isLetIn(host: Host, client: Client): Promise<void> {
  await using group = new Group();
  assert.is(await (await group.makeGateway(specOn(host, client))).call(() => 42), 42);
}

async function isRefused(host: Host, client: Client, code: string, ...said: RegExp[]): Promise<void> {
  check(await refusalOf(specOn(host, client)), code, ...said);
  assert.equal(await leftBehind(host), []);
}

onBothClients('a key that is revoked', async (client) => {
  await using host = await startSshd();
  const line = readFileSync(host.knownHosts, 'utf8');
  writeFileSync(host.knownHosts, `${line}@revoked * ${keyOf(host)}\n`);
  await isRefused(host, client, 'ERR_EXECNET_HOST_KEY_REVOKED', /revoked/i, /stolen/);
});

onBothClients(
  'a key stands under its address and port, under several names, hashed, or under an alias',
  async (client) => {
    await using host = await startSshd();
    const key = keyOf(host);
    const name = `[127.0.0.1]:${host.port}`;
    for (const line of [
      `${name} ${key}`,
      `somebody,${name},[10.0.0.?]:* ${key} a comment`,
      `[127.0.0.*]:${host.port} ${key}`,
      // that of the address holds for each port of it
      `127.0.0.1 ${key}`,
      `# a comment\n\n${name} ${key}`,
    ]) {
      writeFileSync(host.knownHosts, `${line}\n`);
      await isLetIn(host, client);
    }
    writeFileSync(host.knownHosts, `${name} ${key}\n`);
    await command('ssh-keygen', ['-q', '-H', '-f', host.knownHosts]);
    assert.not.match(readFileSync(host.knownHosts, 'utf8'), '127.0.0.1');
    await isLetIn(host, client);
    configure(host, 'HostKeyAlias my-server');
    await isRefused(host, client, 'ERR_EXECNET_HOST_KEY_UNKNOWN', /my-server/);
    writeFileSync(host.knownHosts, `my-server ${key}\n`);
    await isLetIn(host, client);
  },
);

onBothClients('a key that stands under another name or port, or is excluded, is unknown', async (client) => {
  await using host = await startSshd();
  const key = keyOf(host);
  for (const names of [
    `[127.0.0.1]:${host.port + 1}`,
    'localhost',
    `[127.0.0.*]:*,![127.0.0.1]:${host.port}`,
  ]) {
    writeFileSync(host.knownHosts, `${names} ${key}\n`);
    await isRefused(host, client, 'ERR_EXECNET_HOST_KEY_UNKNOWN', new RegExp(String(host.port)));
  }
});

testOn(['sshd'], 'ssh2: a host that is known by an authority only', async () => {
  await using host = await startSshd();
  const authority = await makeKey(join(host.folder, 'authority'), 'ed25519');
  const signed = readFileSync(`${authority}.pub`, 'utf8').split(' ', 2).join(' ');
  const line = `@cert-authority * ${signed}\n`;
  writeFileSync(host.knownHosts, line);
  await isRefused(host, 'ssh2', 'ERR_EXECNET_HOST_KEY_AUTHORITY', /ssh_client=openssh/, /:1/);
  writeFileSync(host.knownHosts, `${line}[127.0.0.1]:${host.port} ${keyOf(host)}\n`);
  await isLetIn(host, 'ssh2');
});

testOn(['sshd', 'ssh'], 'openssh: a host that is known by an authority only', async () => {
  await using host = await startSshd();
  const authority = await makeKey(join(host.folder, 'authority'), 'ed25519');
  const hostKey = host.hostKeyFiles[0] as string;
  await command('ssh-keygen', ['-q', '-s', authority, '-I', 'host', '-h', `${hostKey}.pub`]);
  await using certified = await startSshd({
    extra: [`HostKey ${hostKey}`, `HostCertificate ${hostKey}-cert.pub`],
  });
  const signed = readFileSync(`${authority}.pub`, 'utf8').split(' ', 2).join(' ');
  writeFileSync(certified.knownHosts, `@cert-authority * ${signed}\n`);
  await isLetIn(certified, 'openssh');
});

onBothClients('accept-new adds a key once, and refuses another one', async (client) => {
  await using host = await startSshd();
  const line = `[127.0.0.1]:${host.port} ${keyOf(host)}`;
  writeFileSync(host.knownHosts, '');
  configure(host, 'StrictHostKeyChecking accept-new', 'HashKnownHosts no', 'UpdateHostKeys no');
  await isLetIn(host, client);
  await isLetIn(host, client);
  assert.is(readFileSync(host.knownHosts, 'utf8').trim(), line);
  const other = await makeKey(join(host.folder, 'other'), 'ed25519');
  const changed = `[127.0.0.1]:${host.port} ${readFileSync(`${other}.pub`, 'utf8')}`;
  writeFileSync(host.knownHosts, changed);
  await isRefused(host, client, 'ERR_EXECNET_HOST_KEY_CHANGED');
  assert.is(readFileSync(host.knownHosts, 'utf8'), changed);
});

onBothClients('HashKnownHosts hides the name of what is added', async (client) => {
  await using host = await startSshd();
  writeFileSync(host.knownHosts, '');
  configure(host, 'StrictHostKeyChecking accept-new', 'HashKnownHosts yes', 'UpdateHostKeys no');
  await isLetIn(host, client);
  const text = readFileSync(host.knownHosts, 'utf8');
  assert.match(text, /^\|1\|/);
  assert.not.match(text, '127.0.0.1');
  configure(host, 'StrictHostKeyChecking yes');
  await isLetIn(host, client);
});

testOn(['sshd'], 'ssh2: accept-new adds one line for gateways that are made at once', async () => {
  await using host = await startSshd();
  writeFileSync(host.knownHosts, '');
  configure(host, 'StrictHostKeyChecking accept-new', 'HashKnownHosts no');
  await using group = new Group();
  await group.makeGateways(Array.from({ length: 3 }, () => specOn(host, 'ssh2')));
  assert.is(readFileSync(host.knownHosts, 'utf8').match(/\n/g)?.length, 1);
});

onBothClients('StrictHostKeyChecking=no lets in whatever the key is', async (client) => {
  await using host = await startSshd();
  writeFileSync(host.knownHosts, '');
  configure(host, 'StrictHostKeyChecking no', 'HashKnownHosts no', 'UpdateHostKeys no');
  await isLetIn(host, client);
  assert.match(readFileSync(host.knownHosts, 'utf8'), keyOf(host));
  const other = await makeKey(join(host.folder, 'other'), 'ed25519');
  writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${readFileSync(`${other}.pub`, 'utf8')}`);
  await isLetIn(host, client);
});

testOn(['sshd', 'dropbear'], 'ssh2: a server whose key has changed is never told a password', async () => {
  await using host = await startSshd({ password: true });
  const other = await makeKey(join(host.folder, 'other'), 'ed25519');
  writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${readFileSync(`${other}.pub`, 'utf8')}`);
  configure(host, 'StrictHostKeyChecking no', 'PreferredAuthentications password');
  let asked = 0;
  const transport = ssh({ password: () => `${asked++}` });
  const group = new Group({ registry: new Registry([transport, thread()]) });
  const failure = await refusalOf(specOn(host, 'ssh2'), { group });
  check(failure, 'ERR_EXECNET_AUTHENTICATION', /nobody may be asked/);
  assert.is(asked, 0);
});

onBothClients('of several keys the server is asked for the one that is known', async (client) => {
  await using host = await startSshd({ hostKeys: ['ed25519', 'ecdsa', 'rsa'] });
  for (const index of [0, 1, 2]) {
    writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${keyOf(host, index)}\n`);
    await isLetIn(host, client);
  }
});

onBothClients('HostKeyAlgorithms decides which key is shown', async (client) => {
  await using host = await startSshd({ hostKeys: ['ed25519', 'rsa'] });
  writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${keyOf(host, 1)}\n`);
  configure(host, 'HostKeyAlgorithms ssh-ed25519');
  await isRefused(host, client, 'ERR_EXECNET_HOST_KEY_CHANGED');
  configure(host, 'HostKeyAlgorithms rsa-sha2-256');
  await isLetIn(host, client);
});

onBothClients('several files are looked in, and one that is missing holds nothing', async (client) => {
  await using host = await startSshd();
  const [first, second, third] = ['first', 'second', 'third'].map((name) => join(host.folder, name));
  writeFileSync(second as string, '');
  writeFileSync(third as string, readFileSync(host.knownHosts));
  configure(host, `UserKnownHostsFile ${first} ${second} ${third}`);
  await isLetIn(host, client);
  configure(host, 'UserKnownHostsFile none', `GlobalKnownHostsFile ${first} ${third}`);
  await isLetIn(host, client);
  configure(host, 'UserKnownHostsFile none', `GlobalKnownHostsFile none`);
  await isRefused(host, client, 'ERR_EXECNET_HOST_KEY_UNKNOWN');
});

testOn(['sshd'], 'ssh2: a known_hosts file that can be neither read nor written is told', async () => {
  await using host = await startSshd();
  const folder = join(host.folder, 'a folder');
  mkdirSync(folder);
  configure(host, `UserKnownHostsFile "${folder}"`);
  await isRefused(host, 'ssh2', 'ERR_EXECNET_KNOWN_HOSTS', /a folder can't be read/, /UserKnownHostsFile/);
  configure(host, 'UserKnownHostsFile /proc/nowhere/known', 'StrictHostKeyChecking accept-new');
  await isRefused(host, 'ssh2', 'ERR_EXECNET_KNOWN_HOSTS', /\/proc\/nowhere\/known can't be written/);
});

test.run();
