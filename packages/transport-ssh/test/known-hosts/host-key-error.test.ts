import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fingerprint, hostKeyError } from '../../src/known-hosts/index.ts';
import { fakeKey } from './keys.ts';

const KEY = fakeKey('ssh-ed25519', 'one');
const WEB = { host: 'web', port: 22 };

function includes(text: string, ...parts: string[]): void {
  for (const part of parts) assert.ok(text.includes(part), `${JSON.stringify(part)} is missing: ${text}`);
}

test('an unknown key: fingerprint, type, files, and three ways out', () => {
  const { code, name, message } = hostKeyError({ kind: 'unknown', files: ['/u', '/g'] }, WEB, KEY);
  assert.equal([code, name], ['ERR_EXECNET_HOST_KEY_UNKNOWN', 'ConnectError']);
  includes(message, fingerprint(KEY), 'ssh-ed25519', '/u, /g', '(ssh web)', 'ssh-keyscan web');
  includes(message, 'StrictHostKeyChecking=accept-new');
});

test('commands in messages carry the port', () => {
  const { message } = hostKeyError({ kind: 'unknown', files: [] }, { host: 'web', port: 2222 }, KEY);
  includes(message, '[web]:2222', 'ssh -p 2222 web', 'ssh-keyscan -p 2222 web', 'no known_hosts file');
});

test('a changed key: both, the line, the danger, and how to remove the old ones', () => {
  const verdict = { kind: 'changed', file: '/a b/known_hosts', line: 7, keyType: 'ssh-rsa' } as const;
  const { code, message } = hostKeyError(verdict, { host: 'web', port: 2222 }, KEY);
  assert.is(code, 'ERR_EXECNET_HOST_KEY_CHANGED');
  includes(message, fingerprint(KEY), 'ssh-ed25519', 'ssh-rsa', '/a b/known_hosts:7', 'attack');
  includes(message, "ssh-keygen -R '[web]:2222' -f '/a b/known_hosts'");
});

test('a revoked key: the line that revokes it', () => {
  const { code, message } = hostKeyError({ kind: 'revoked', file: '/k', line: 3 }, WEB, KEY);
  assert.is(code, 'ERR_EXECNET_HOST_KEY_REVOKED');
  includes(message, fingerprint(KEY), '/k:3');
});

test('an authority: certificates are not supported, and what helps', () => {
  const { code, message } = hostKeyError({ kind: 'authority', file: '/k', line: 3 }, WEB, KEY);
  assert.is(code, 'ERR_EXECNET_HOST_KEY_AUTHORITY');
  includes(message, '/k:3', 'ssh_client=openssh', 'ssh-keyscan web');
});

test.run();
