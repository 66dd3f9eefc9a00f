import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Destination, resolveDestination } from '../../src/config/index.ts';
import { runInShell } from '../../src/config/shell.ts';
import { failureOf } from './failure.ts';
import { Folder } from './folder.ts';

/** Resolves with a home and a system's file that are the folder's own. */
function resolve(folder: Folder, value = 'web', configFile?: string): Promise<Destination> {
  return resolveDestination(value, {
    home: folder.path,
    systemFile: join(folder.path, 'etc/ssh_config'),
    env: {},
    ...(configFile === undefined ? {} : { configFile }),
  });
}

test('the user file comes before the file of the system, and either may be missing', async () => {
  using folder = new Folder();
  assert.is((await resolve(folder)).port, 22);
  folder.write('etc/ssh_config', 'Port 1\nUser system\nIdentityFile /system\n', 0o644);
  assert.is((await resolve(folder)).port, 1);
  folder.write('.ssh/config', 'Port 2\nIdentityFile /user\n');
  const { port, user, identityFiles } = await resolve(folder, '-i /mine web');
  assert.equal([port, user], [2, 'system']);
  assert.equal(
    identityFiles.map(({ path }) => path),
    ['/mine', '/user', '/system'],
  );
});

test('with -F, or ssh_config=, only that file is read, and none for "none"', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Port 2\n');
  folder.write('etc/ssh_config', 'User system\n', 0o644);
  const file = folder.write('other', 'Compression yes\n');
  for (const destination of [
    await resolve(folder, `-F ${file} -l me web`),
    await resolve(folder, '-l me web', file),
    await resolve(folder, `-F ${file} -l me web`, file),
    await resolve(folder, '-l me -F ~/other web'),
  ]) {
    const { port, user, compression } = destination;
    assert.equal([port, user, compression], [22, 'me', true]);
  }
  assert.is((await resolve(folder, '-F none web')).port, 22);
  assert.is((await resolve(folder, 'web', 'none')).port, 22);
});

test('two different files to read are an error of the spec', async () => {
  using folder = new Folder();
  for (const failure of [
    await failureOf(resolve(folder, '-F /a web', '/b')),
    await failureOf(resolve(folder, '-F /a -F /b web')),
  ]) {
    assert.is(failure.code, 'ERR_EXECNET_SPEC');
    assert.match(failure.message, '/b');
  }
});

test('a file that was named must be there', async () => {
  using folder = new Folder();
  const error = await failureOf(resolve(folder, '-F /no/such/file web'));
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, '/no/such/file');
});

test('relative includes lie in ~/.ssh for the user, and in /etc/ssh for the system', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Include conf.d/*.conf ~/elsewhere "with blank"\n');
  folder.write('.ssh/conf.d/b.conf', 'Port 2\n');
  folder.write('.ssh/conf.d/a.conf', 'Port 1\n');
  folder.write('elsewhere', 'User e\n');
  folder.write('.ssh/with blank', 'Compression yes\n');
  folder.write('etc/ssh_config', 'Include no-such-file-in-etc-ssh\nHostKeyAlias last\n', 0o644);
  const { port, user, compression, hostKeyAlias } = await resolve(folder);
  assert.equal([port, user, compression, hostKeyAlias], [1, 'e', true, 'last']);
});

test('a file of the system may not include from a home', async () => {
  using folder = new Folder();
  folder.write('etc/ssh_config', 'Include ~/x\n', 0o644);
  assert.is((await failureOf(resolve(folder))).code, 'ERR_EXECNET_SSH_CONFIG');
});

test('Include takes tokens and environment', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', `Include %h.conf "\${MORE}.conf"\n`);
  folder.write('.ssh/web.conf', 'Port 1\n');
  folder.write('.ssh/more.conf', 'User m\n');
  const { port, user } = await resolveDestination('web', {
    home: folder.path,
    systemFile: '/no/such/file',
    env: { MORE: 'more' },
  });
  assert.equal([port, user], [1, 'm']);
});

test('files that include each other are an error, not a hang', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Include a\n');
  folder.write('.ssh/a', 'Host web\n Include b\n');
  folder.write('.ssh/b', 'Match all\n Include a\n');
  const error = await failureOf(resolve(folder));
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, '16 levels');
});

test('a link that leads nowhere, and a folder, are passed over by Include', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Include conf.d/*\nPort 3\n');
  folder.write('.ssh/conf.d/sub/file', 'Port 4\n');
  symlinkSync('/no/such/file', join(folder.path, '.ssh/conf.d/broken'));
  assert.is((await resolve(folder)).port, 3);
});

test('lists of characters that are none match nothing, and classes are refused', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Include [z-a]*\nPort 3\n');
  assert.is((await resolve(folder)).port, 3);
  folder.write('.ssh/config', 'Include [[:alpha:]]*\n');
  assert.is((await failureOf(resolve(folder))).code, 'ERR_EXECNET_SSH_OPTION');
});

for (const [mode, name] of [
  [0o666, '.ssh/config'],
  [0o622, '.ssh/included'],
] as const) {
  test(`${name} is refused if anybody may write to it (${mode.toString(8)})`, async () => {
    using folder = new Folder();
    folder.write('.ssh/config', 'Include included\n');
    folder.write('.ssh/included', 'ProxyCommand evil\n');
    chmodSync(join(folder.path, name), mode);
    const error = await failureOf(resolve(folder));
    assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
    assert.match(error.message, name);
    assert.match(error.message, 'chmod 600');
  });
}

test('a file that -F names may be writable by others, as in OpenSSH', async () => {
  using folder = new Folder();
  const file = folder.write('open', 'Port 3\n');
  chmodSync(file, 0o666);
  assert.is((await resolve(folder, `-F ${file} web`)).port, 3);
});

test('a file that is no text is an error that names it', async () => {
  using folder = new Folder();
  const file = folder.write(
    'binary',
    Uint8Array.from({ length: 4096 }, (_, index) => (index * 7) % 256),
  );
  const error = await failureOf(resolve(folder, `-F ${file} web`));
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, 'binary');
});

test('a file that never ends is not read to exhaustion', async () => {
  using folder = new Folder();
  const error = await failureOf(resolve(folder, '-F /dev/zero web'));
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, 'larger');
});

test('a file of many thousand hosts is read in good time, and the last one is found', async () => {
  using folder = new Folder();
  const hosts = Array.from({ length: 20_000 }, (_, index) => `Host host${index}\n  Port ${index + 1}\n`);
  folder.write('.ssh/config', hosts.join(''));
  assert.is((await resolve(folder, 'host19999')).port, 20_000);
});

test('a line that is wrong is named by file and number, and shown in part', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', `# one\n\nHost x\n${'y'.repeat(5000)}:\n`);
  const error = await failureOf(resolve(folder));
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, /config:4: /);
  assert.ok(error.message.length < 600, error.message);
});

test('a pattern made to be slow is not', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', `Host ${'*a'.repeat(60)}\n Port 3\nMatch host ${'*a'.repeat(60)}b\n Port 4\n`);
  assert.is((await resolve(folder, 'a'.repeat(59))).port, 22);
  folder.write('.ssh/config', `ConnectTimeout ${'1'.repeat(100)}x\n`);
  assert.is((await failureOf(resolve(folder))).code, 'ERR_EXECNET_SSH_CONFIG');
});

test('Match exec runs with the given environment, and sees neither input nor output', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Match exec "echo noise; test $MARK = yes; "\n Port 3\n');
  const options = { home: folder.path, systemFile: '/no/such/file' };
  const marked = await resolveDestination('web', { ...options, env: { MARK: 'yes' } });
  const other = await resolveDestination('web', { ...options, env: { MARK: 'no' } });
  assert.equal([marked.port, other.port], [3, 22]);
});

test('Match exec is an error if its command is killed, or the shell is none', async () => {
  using folder = new Folder();
  folder.write('.ssh/config', 'Match exec "kill -9 $$"\n Port 3\n');
  assert.match((await failureOf(resolve(folder))).message, 'SIGKILL');
  const options = { home: folder.path, env: { SHELL: '/no/such/shell' } };
  const error = await failureOf(resolveDestination('web', options));
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, '/no/such/shell');
});

test('a command that takes too long is killed with all that it started', async () => {
  const place = { text: 'config:1', own: false };
  const error = await failureOf(
    runInShell('sleep 600 & sleep 600', { PATH: process.env['PATH'] }, place, 50),
  );
  assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG');
  assert.match(error.message, 'longer than 0.05 s');
});

test.run();
