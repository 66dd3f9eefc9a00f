import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { knownHostsFailure } from '../../src/known-hosts/file-error.ts';
import { addKnownHost, KnownHosts } from '../../src/known-hosts/index.ts';
import { failureOf } from '../config/failure.ts';
import { Folder } from '../config/folder.ts';
import { fakeKey, keygen, makeKey, testWithKeys } from './keys.ts';

const KEY = fakeKey('ssh-ed25519', 'one');
const WEB = { host: 'Web.example', port: 22 };
const PLAIN = { hashed: false };

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('the file and ~/.ssh are made for their owner alone', async () => {
  using folder = new Folder();
  const file = join(folder.path, '.ssh/known_hosts');
  await addKnownHost(file, WEB, KEY, PLAIN);
  assert.equal([mode(file), mode(join(folder.path, '.ssh'))], ['600', '700']);
  assert.is(readFileSync(file, 'utf8'), `web.example ssh-ed25519 ${KEY.toString('base64')}\n`);
});

test('lines that are there are kept, and the last one is ended', async () => {
  using folder = new Folder();
  for (const [before, between] of [
    ['# mine\n', ''],
    ['# mine', '\n'],
    ['', ''],
  ]) {
    const file = folder.write('known_hosts', before as string, 0o640);
    await addKnownHost(file, { host: 'web', port: 2222 }, KEY, PLAIN);
    assert.is(
      readFileSync(file, 'utf8'),
      `${before}${between}[web]:2222 ssh-ed25519 ${KEY.toString('base64')}\n`,
    );
  }
  assert.is(mode(join(folder.path, 'known_hosts')), '640');
});

test('what was added is known, plain and hashed, with and without a port', async () => {
  using folder = new Folder();
  const file = join(folder.path, 'known_hosts');
  for (const hashed of [false, true]) {
    for (const name of [WEB, { host: '::1', port: 22 }, { host: 'x', port: 2222 }]) {
      const key = fakeKey('ssh-ed25519', `${name.host}${hashed}`);
      await addKnownHost(file, name, key, { hashed });
      const known = await KnownHosts.read({ user: [file], global: [] });
      assert.is(known.check(name, key).kind, 'known');
      assert.is(known.check(name, KEY).kind, 'changed');
    }
  }
});

testWithKeys('ssh-keygen finds what was added', async () => {
  using folder = new Folder();
  const key = makeKey(folder, 'ecdsa');
  const file = join(folder.path, 'known_hosts');
  await addKnownHost(file, WEB, key.blob, { hashed: true });
  await addKnownHost(file, { host: 'web', port: 2222 }, key.blob, { hashed: true });
  await addKnownHost(file, { host: '10.0.0.1', port: 22 }, key.blob, PLAIN);
  assert.not.match(readFileSync(file, 'utf8'), 'web');
  for (const name of ['web.example', '[web]:2222', '10.0.0.1'])
    assert.match(keygen('-F', name, '-f', file) ?? 'not found', key.encoded, name);
  assert.is(keygen('-F', 'web', '-f', file), undefined);
});

test('many at a time leave whole lines', async () => {
  using folder = new Folder();
  const file = folder.write('known_hosts', '# no end');
  const names = Array.from({ length: 50 }, (_, index) => ({ host: `host${index}`, port: 22 }));
  await Promise.all(names.map((name) => addKnownHost(file, name, KEY, PLAIN)));
  const known = await KnownHosts.read({ user: [file], global: [] });
  for (const name of names) assert.is(known.check(name, KEY).kind, 'known', name.host);
});

test('other folders than .ssh are not made, and the error names the file', async () => {
  using folder = new Folder();
  const file = join(folder.path, 'missing/known_hosts');
  const error = await failureOf(addKnownHost(file, WEB, KEY, PLAIN));
  assert.is(error.code, 'ERR_EXECNET_KNOWN_HOSTS');
  assert.ok(error.message.includes(file), error.message);
  assert.not.ok(existsSync(join(folder.path, 'missing')));
  mkdirSync(file, { recursive: true });
  assert.is((await failureOf(addKnownHost(file, WEB, KEY, PLAIN))).code, 'ERR_EXECNET_KNOWN_HOSTS');
});

test('a full disk has a code of its own', async () => {
  if (existsSync('/dev/full')) {
    const error = await failureOf(addKnownHost('/dev/full', WEB, KEY, PLAIN));
    assert.is(error.code, 'ERR_EXECNET_DISK_FULL', error.stack);
    assert.match(error.message, '/dev/full');
  }
  const quota = Object.assign(new Error('quota'), { code: 'EDQUOT' });
  assert.is(knownHostsFailure('/x', 'written', quota).code, 'ERR_EXECNET_DISK_FULL');
});

test('what is no key is a mistake of the program', async () => {
  using folder = new Folder();
  const file = join(folder.path, 'known_hosts');
  const error = await failureOf(addKnownHost(file, WEB, Buffer.from('no key'), PLAIN));
  assert.instance(error, TypeError);
  assert.not.ok(existsSync(file));
});

test.run();
