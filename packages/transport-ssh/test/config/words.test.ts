import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSshWords } from '../../src/config/index.ts';

function failure(value: string): Error & { code?: string } {
  try {
    parseSshWords(value);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`expected ${value} to be refused`);
}

for (const [value, expected] of [
  ['web', { host: 'web' }],
  ['me@web', { host: 'web', user: 'me' }],
  ['web:2222', { host: 'web', port: 2222 }],
  ['me@web.example.com:2222', { host: 'web.example.com', user: 'me', port: 2222 }],
  ['me@corp@web', { host: 'web', user: 'me@corp' }],
  ['[::1]:2222', { host: '::1', port: 2222 }],
  ['[::1]', { host: '::1' }],
  ['::1', { host: '::1' }],
  ['me@fe80::1%eth0', { host: 'fe80::1%eth0', user: 'me' }],
  ['me@[fe80::1%eth0]:22', { host: 'fe80::1%eth0', user: 'me', port: 22 }],
  ['ssh://me@web:2222', { host: 'web', user: 'me', port: 2222 }],
  ['ssh://me%40corp@web/', { host: 'web', user: 'me@corp' }],
  ["'CORP\\me@web'", { host: 'web', user: 'CORP\\me' }],
] as const) {
  test(`ssh=${value} is taken apart`, () => {
    assert.equal(parseSshWords(value), { ...expected, options: [], arguments: [] });
  });
}

test('options keep their order, and are words again for a command line', () => {
  const words = parseSshWords(`-p5000 -Cq -i "~/my key" -o 'SetEnv A=b c' -J me@gate:2,two web -v -l me`);
  assert.is(words.host, 'web');
  assert.equal(words.options, [
    { flag: 'p', value: '5000' },
    { flag: 'C' },
    { flag: 'q' },
    { flag: 'i', value: '~/my key' },
    { flag: 'o', value: 'SetEnv A=b c' },
    { flag: 'J', value: 'me@gate:2,two' },
    { flag: 'v' },
    { flag: 'l', value: 'me' },
  ]);
  assert.equal(words.arguments, [
    '-p',
    '5000',
    '-C',
    '-q',
    '-i',
    '~/my key',
    '-o',
    'SetEnv A=b c',
    '-J',
    'me@gate:2,two',
    '-v',
    '-l',
    'me',
  ]);
});

test('every option of ssh is known, whether it can be honoured or not', () => {
  const words = parseSshWords('-A -L 1:x:2 -w 0:1 -G -P tag -4 web');
  assert.equal(words.arguments, ['-A', '-L', '1:x:2', '-w', '0:1', '-G', '-P', 'tag', '-4']);
});

for (const [value, what] of [
  ['', 'names no host'],
  ['-p 22', 'names no host'],
  ['web uptime', '"uptime" stands behind the host "web"'],
  ['-- -oProxyCommand=id', 'is no host'],
  ['web;id', 'is no host'],
  ['$(id)', 'is no host'],
  ['"a b"', 'is no host'],
  ['a\\\u0007b', 'is no host'],
  ['-l -x web', "'-l"],
  ['me@', 'is no host'],
  ['@web', 'is no host'],
  ['-- -me@web', 'is no host'],
  ['web:', 'is no host'],
  ['web:0', 'is no host'],
  ['web:65536', 'is no host'],
  ['web:ssh', 'is no host'],
  ['[::1', 'is no host'],
  ['--port 22 web', '--port'],
  ['-Z web', "'-Z'"],
  ['web -p', "'-p"],
  ['-p 22 web:23', '-p 22 contradicts the "23" of the host'],
  ['-l a b@web', '-l a contradicts the "b" of the host'],
  ['"web', 'double quote is not closed'],
] as const) {
  test(`ssh=${JSON.stringify(value)} is an error of the spec that says what is wrong`, () => {
    const error = failure(value);
    assert.is(error.code, 'ERR_EXECNET_SPEC', error.stack);
    assert.is(error.name, 'SpecError');
    assert.ok(error.message.includes(what), error.message);
  });
}

test('the same user or port twice is no contradiction', () => {
  assert.is(parseSshWords('-p 22 -l me me@web:22').port, 22);
});

test.run();
