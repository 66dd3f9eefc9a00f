import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fingerprint, KnownHosts, keyType, rsaKeyBits } from '../../src/known-hosts/index.ts';
import { failureOf } from '../config/failure.ts';
import { Folder } from '../config/folder.ts';
import { fakeKey, keygen, makeKey, testWithKeys } from './keys.ts';

const KEY = fakeKey('ssh-ed25519', 'one');
const OTHER = fakeKey('ssh-ed25519', 'two');
const ECDSA = fakeKey('ecdsa-sha2-nistp256', 'nistp256', 'point');
const line = (names: string, key: Buffer): string => `${names} ${keyType(key)} ${key.toString('base64')}`;

async function reading(text: string | Uint8Array): Promise<KnownHosts> {
  using folder = new Folder();
  return await KnownHosts.read({ user: [folder.write('known_hosts', text)], global: [] });
}

/** The kind of verdict for a host, and the line if there is one. */
async function judge(text: string | Uint8Array, host: string, port = 22, key = KEY): Promise<string> {
  const verdict = (await reading(text)).check({ host, port }, key);
  return 'line' in verdict ? `${verdict.kind}:${verdict.line}` : verdict.kind;
}

for (const [title, text, host, port, verdict] of [
  ['a name', line('web', KEY), 'web', 22, 'known'],
  ['a name in other case', line('Web', KEY), 'wEB', 22, 'known'],
  ['one of several names', line('a,10.0.0.1,web', KEY), '10.0.0.1', 22, 'known'],
  ['an IPv6 address', line('::1', KEY), '::1', 22, 'known'],
  ['wildcards', line('w?b*.example', KEY), 'web1.example', 22, 'known'],
  ['a wildcard that needs a character', line('web?', KEY), 'web', 22, 'unknown'],
  ['a negated pattern', line('*.example,!web.example', KEY), 'web.example', 22, 'unknown'],
  ['a host beside a negated pattern', line('*.example,!web.example', KEY), 'a.example', 22, 'known'],
  ['a port', line('[web]:2222', KEY), 'web', 2222, 'known'],
  ['another port', line('[web]:2222', KEY), 'web', 2223, 'unknown'],
  ['a port that only the file names', line('[web]:2222', KEY), 'web', 22, 'unknown'],
  ['an IPv6 address with a port', line('[::1]:2222', KEY), '::1', 2222, 'known'],
  ['a wildcard over ports', line('[web]:*', KEY), 'web', 2223, 'known'],
  ['a port, where the key is known for the host itself', line('web', KEY), 'web', 2222, 'known'],
  ['a port, where another key is known for the host itself', line('web', OTHER), 'web', 2222, 'unknown'],
  ['another key', line('web', OTHER), 'web', 22, 'changed:1'],
  ['a key of another type', line('web', ECDSA), 'web', 22, 'changed:1'],
  ['one of several keys', `${line('web', OTHER)}\n${line('web', KEY)}`, 'web', 22, 'known'],
  ['the most similar of other keys', `${line('web', ECDSA)}\n${line('web', OTHER)}`, 'web', 22, 'changed:2'],
  ['a revoked key', `${line('web', KEY)}\n@revoked ${line('*', KEY)}`, 'web', 22, 'revoked:2'],
  ['another key that is revoked', `@revoked ${line('web', OTHER)}`, 'web', 22, 'unknown'],
  ['an authority', `# a\n@cert-authority ${line('*.example', OTHER)}`, 'web.example', 22, 'authority:2'],
  [
    'an authority, and the key itself',
    `@cert-authority ${line('*', OTHER)}\n${line('web', KEY)}`,
    'web',
    22,
    'known',
  ],
  ['an authority whose key it is', `@cert-authority ${line('*', KEY)}`, 'web', 22, 'authority:1'],
  ['an unknown marker', `@trusted ${line('web', KEY)}`, 'web', 22, 'unknown'],
  ['two markers', `@revoked @cert-authority ${line('web', KEY)}`, 'web', 22, 'unknown'],
  ['a comment', `#${line('web', KEY)}`, 'web', 22, 'unknown'],
  [
    'blanks, tabs, comments and CRLF',
    `\n \t\n# x\n\t ${line('web', KEY).replaceAll(' ', '\t ')} me@here\r\n`,
    'web',
    22,
    'known',
  ],
  ['a last line without an end', `\n${line('web', KEY)}`, 'web', 22, 'known'],
  ['an empty file', '', 'web', 22, 'unknown'],
  ['a name alone', 'web\nweb ssh-ed25519\n', 'web', 22, 'unknown'],
  ['a key that is cut off', line('web', OTHER).slice(0, -8), 'web', 22, 'unknown'],
  ['a key of another type than the line says', `web ssh-rsa ${KEY.toString('base64')}`, 'web', 22, 'unknown'],
  ['a key that is no base64', 'web ssh-ed25519 !!!!\n', 'web', 22, 'unknown'],
  ['a broken hash', line('|1|abc', KEY), 'web', 22, 'unknown'],
  ['a hash of an unknown kind', line('|2|AAAA|AAAA', KEY), 'web', 22, 'unknown'],
] as const) {
  test(`${title}: the key is ${verdict.split(':')[0]}`, async () => {
    assert.is(await judge(text, host, port), verdict);
  });
}

testWithKeys('keys of every type are read as ssh-keygen writes them, hashed or not', async () => {
  using folder = new Folder();
  const keys = ['ed25519', 'ecdsa', 'rsa'].map((kind) => makeKey(folder, kind));
  const names = ['web.example', '10.1.2.3', '[web.example]:2222', '[::1]:22022'];
  const lines = keys.flatMap((key, index) => `${names[index]} ${key.type} ${key.encoded} comment\n`);
  const file = folder.write(
    'known_hosts',
    `${lines.join('')}${names[3]} ${keys[0]?.type} ${keys[0]?.encoded}\n`,
  );
  const hosts = [
    { host: 'web.example', port: 22 },
    { host: '10.1.2.3', port: 22 },
    { host: 'web.example', port: 2222 },
    { host: '::1', port: 22_022 },
  ];
  for (const hashed of [false, true]) {
    if (hashed) keygen('-q', '-H', '-f', file);
    if (hashed) assert.not.match(readFileSync(file, 'utf8'), 'web.example');
    const known = await KnownHosts.read({ user: [file], global: [] });
    for (const [index, name] of hosts.entries()) {
      const key = keys[index % 3];
      assert.ok(keygen('-F', names[index] as string, '-f', file), 'ssh-keygen finds it');
      assert.is(known.check(name, key?.blob as Buffer).kind, 'known', names[index]);
      assert.equal(known.keyTypes(name), [key?.type]);
      const changed = known.check(name, keys[(index + 1) % 3]?.blob as Buffer);
      // without its own line, a port falls back to the key of the host itself
      assert.is(changed.kind, 'changed');
    }
    assert.is(keygen('-F', 'other.example', '-f', file), undefined);
    assert.is(known.check({ host: 'other.example', port: 22 }, keys[0]?.blob as Buffer).kind, 'unknown');
  }
});

testWithKeys('fingerprint and size are those that ssh-keygen shows', () => {
  using folder = new Folder();
  for (const key of [
    makeKey(folder, 'ed25519'),
    makeKey(folder, 'ecdsa'),
    makeKey(folder, 'rsa', 'r', 2048),
  ]) {
    const [bits, shown] = (keygen('-l', '-f', key.file) ?? '').split(' ');
    assert.is(fingerprint(key.blob), shown);
    assert.is(keyType(key.blob), key.type);
    assert.is(rsaKeyBits(key.blob), key.type === 'ssh-rsa' ? Number(bits) : undefined);
  }
});

test('the types that are known for a host come in the order of the files, each once', async () => {
  const rsa = fakeKey('ssh-rsa', 'e', 'n');
  const text = [
    line('web', rsa),
    line('other', KEY),
    line('w*', ECDSA),
    `@revoked ${line('web', KEY)}`,
    line('web', fakeKey('ssh-rsa', 'e', 'm')),
  ].join('\n');
  const known = await reading(text);
  assert.equal(known.keyTypes({ host: 'web', port: 22 }), ['ssh-rsa', 'ecdsa-sha2-nistp256']);
  assert.equal(known.keyTypes({ host: 'web', port: 2222 }), ['ssh-rsa', 'ecdsa-sha2-nistp256']);
  assert.equal(known.keyTypes({ host: 'nobody', port: 22 }), []);
});

test('all files count, and missing ones hold nothing', async () => {
  using folder = new Folder();
  const user = folder.write('user', line('web', OTHER));
  const global = folder.write('global', `${line('web', KEY)}\n@revoked ${line('*', ECDSA)}`);
  const missing = join(folder.path, 'missing/known_hosts');
  const known = await KnownHosts.read({ user: [missing, user], global: [global, missing] });
  assert.is(known.check({ host: 'web', port: 22 }, KEY).kind, 'known');
  assert.equal(known.check({ host: 'x', port: 22 }, ECDSA), { kind: 'revoked', file: global, line: 2 });
  assert.equal(known.check({ host: 'x', port: 22 }, KEY), {
    kind: 'unknown',
    files: [missing, user, global, missing],
  });
  assert.equal(known.unreadable, []);
});

test('a file of the user that can not be read is an error, one of the system is told of', async () => {
  using folder = new Folder();
  // a folder instead of a file: permissions do not keep root out
  const error = await failureOf(KnownHosts.read({ user: [folder.path], global: [] }));
  assert.is(error.code, 'ERR_EXECNET_KNOWN_HOSTS');
  assert.ok(error.message.includes(folder.path), error.message);
  assert.is((error.cause as NodeJS.ErrnoException).code, 'EISDIR');
  const known = await KnownHosts.read({ user: [], global: [folder.path] });
  assert.equal(known.unreadable, [folder.path]);
});

test('a file without end is an error, one of the system is told of', async () => {
  const error = await failureOf(KnownHosts.read({ user: ['/dev/zero'], global: [] }));
  assert.is(error.code, 'ERR_EXECNET_KNOWN_HOSTS');
  assert.match(error.message, "/dev/zero can't be read: it is larger than 67108864 bytes; correct that");
  const known = await KnownHosts.read({ user: [], global: ['/dev/zero'] });
  assert.equal(known.unreadable, ['/dev/zero']);
});

test('a file without permission to read is an error', async () => {
  using folder = new Folder();
  const file = folder.write('known_hosts', line('web', KEY));
  chmodSync(file, 0);
  const isRoot = process.getuid?.() === 0;
  const error = await failureOf(
    KnownHosts.read({ user: [file], global: [] }).then(() => Promise.reject(new Error('read'))),
  );
  assert.is(error.code, isRoot ? undefined : 'ERR_EXECNET_KNOWN_HOSTS');
});

test('binary garbage is ignored, and the lines around it are not', async () => {
  const garbage = Buffer.from(
    Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31 + (index >> 8)) % 256),
  );
  const text = Buffer.concat([
    Buffer.from(`${line('a', KEY)}\n`),
    garbage,
    Buffer.from(`\n${line('b', KEY)}\n`),
  ]);
  assert.is(await judge(text, 'a'), 'known');
  assert.is(await judge(text, 'b'), 'known');
  assert.is(await judge(text, 'c'), 'unknown');
});

test('a huge file with one line per host is searched', async () => {
  const lines = Array.from({ length: 150_000 }, (_, index) =>
    line(`host${index}`, index === 149_999 ? KEY : OTHER),
  );
  const text = lines.join('\n');
  assert.is(await judge(text, 'host149999'), 'known');
  assert.is(await judge(text, 'host5'), 'changed:6');
});

test('a pattern made to be slow is not', async () => {
  assert.is(await judge(line(`${'*a'.repeat(400)}b`, KEY), 'a'.repeat(255)), 'unknown');
});

test.run();
