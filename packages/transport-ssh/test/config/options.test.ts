import { quoteWords } from '@execnet/core/plugin';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Destination, resolveDestination } from '../../src/config/index.ts';
import { KEYWORDS } from '../../src/config/keywords.ts';
import type { ResolveOptions } from '../../src/config/resolve.ts';
import { failureOf } from './failure.ts';
import { Folder } from './folder.ts';
import { askOpenSsh, testWithOpenSsh } from './openssh.ts';

async function resolve(
  config: string,
  words: readonly string[] = ['web'],
  options: ResolveOptions = {},
): Promise<Destination> {
  using folder = new Folder();
  const file = folder.write('config', config);
  return await resolveDestination(quoteWords(words), { configFile: file, env: {}, ...options });
}

/** A setting that can't be honoured, and how to say that it is not wanted. */
const REFUSED = [
  ['LocalForward 8080 db:5432', 'ClearAllForwardings=yes'],
  ['RemoteForward 8080 db:5432', 'ClearAllForwardings=yes'],
  ['DynamicForward 1080', 'ClearAllForwardings=yes'],
  ['Tunnel yes', 'Tunnel=no'],
  ['BindAddress 10.0.0.1', undefined],
  ['BindInterface eth0', undefined],
  ['CertificateFile ~/.ssh/id-cert.pub', undefined],
  ['PKCS11Provider /usr/lib/p.so', 'PKCS11Provider=none'],
  ['SecurityKeyProvider /usr/lib/sk.so', 'SecurityKeyProvider=internal'],
  ['HostbasedAuthentication yes', 'HostbasedAuthentication=no'],
  ['KnownHostsCommand /bin/keys %H', 'KnownHostsCommand=none'],
  ['RevokedHostKeys /etc/ssh/revoked', 'RevokedHostKeys=none'],
  ['VerifyHostKeyDNS yes', 'VerifyHostKeyDNS=no'],
  ['CanonicalizeHostname yes', 'CanonicalizeHostname=no'],
  ['CanonicalizeHostname always', 'CanonicalizeHostname=no'],
  ['RemoteCommand tmux', 'RemoteCommand=none'],
  ['RequestTTY force', 'RequestTTY=no'],
  ['RequestTTY yes', 'RequestTTY=no'],
  ['SessionType none', 'SessionType=default'],
  ['StdinNull yes', 'StdinNull=no'],
  ['ForkAfterAuthentication yes', 'ForkAfterAuthentication=no'],
  ['ProxyUseFdpass yes', 'ProxyUseFdpass=no'],
  ['ForwardAgent yes', 'ForwardAgent=no'],
  ['ForwardAgent /tmp/agent', 'ForwardAgent=no'],
  ['ForwardX11 yes', 'ForwardX11=no'],
  ['RekeyLimit 1G 1h', 'RekeyLimit=default'],
  ['KbdInteractiveDevices pam', 'KbdInteractiveDevices=none'],
  ['VersionAddendum x', 'VersionAddendum=none'],
  ['ChannelTimeout session=5m', 'ChannelTimeout=none'],
] as const;

for (const [line, override] of REFUSED) {
  test(`"${line}" of a file is an error that names it, and what to do`, async () => {
    const error = await failureOf(resolve(`User me\n${line}\n`));
    assert.is(error.code, 'ERR_EXECNET_SSH_OPTION', error.stack);
    assert.is(error.name, 'ConnectError');
    assert.ok(error.message.includes(line), error.message);
    assert.match(error.message, /config:2: /);
    assert.match(error.message, 'ssh_client=openssh');
    assert.ok(error.message.includes(override ?? 'take it out'), error.message);
  });

  test(`"-o ${line}" is an error of the spec`, async () => {
    const error = await failureOf(resolve('', ['-o', line, 'web']));
    assert.is(error.code, 'ERR_EXECNET_SSH_OPTION', error.stack);
    assert.is(error.name, 'SpecError');
    assert.ok(error.message.startsWith(`-o ${line}: `), error.message);
  });

  test(`"${line}" for another host is none of our business`, async () => {
    assert.is((await resolve(`Host other\n ${line}\n`)).host, 'web');
  });

  if (override !== undefined) {
    test(`"${line}" is overridden by -o ${override}`, async () => {
      assert.is((await resolve(`${line}\n`, ['-o', override, 'web'])).host, 'web');
    });
  }
}

for (const line of [
  'GSSAPIAuthentication yes',
  'GSSAPIDelegateCredentials yes',
  'ControlMaster auto',
  'ControlPath ~/.ssh/%C',
  'ControlPersist 10m',
  'UseKeychain yes',
  'Protocol 1',
  'UseRoaming no',
] as const) {
  test(`"${line}" is only permission in a file, and a wish in the spec`, async () => {
    assert.is((await resolve(`${line}\n`)).host, 'web');
    const error = await failureOf(resolve('', ['-o', line, 'web']));
    assert.is(error.code, 'ERR_EXECNET_SSH_OPTION', error.stack);
  });
}

for (const line of [
  'LogLevel DEBUG3',
  'VisualHostKey yes',
  'EscapeChar none',
  'AddKeysToAgent confirm 5m',
  'UpdateHostKeys yes',
  'TCPKeepAlive no',
  'IPQoS lowdelay throughput',
  'CheckHostIP yes',
  'ForwardX11Trusted yes',
  'GatewayPorts yes',
  'FingerprintHash md5',
  'CanonicalDomains a b',
  'ForwardAgent no',
  'ForwardX11 no',
  'ControlMaster no',
  'GSSAPIAuthentication no',
  'Tunnel no',
  'RequestTTY auto',
  'SessionType default',
  'RekeyLimit default none',
  'VerifyHostKeyDNS ask',
  'LocalCommand id',
  'PermitLocalCommand yes',
  'ClearAllForwardings yes',
  'Protocol 2',
] as const) {
  test(`"${line}" changes nothing, wherever it stands`, async () => {
    const plain = await resolve('');
    assert.equal(await resolve(`${line}\n`), plain);
    assert.equal(await resolve('', ['-o', line, 'web']), plain);
  });
}

for (const [words, flag] of [
  [['-A', 'web'], '-A'],
  [['-X', 'web'], '-X'],
  [['-L', '1:a:2', 'web'], '-L'],
  [['-W', 'a:1', 'web'], '-W'],
  [['-N', 'web'], '-N'],
  [['-t', 'web'], '-t'],
  [['-v', 'web'], '-v'],
  [['-b', '10.0.0.1', 'web'], '-b'],
  [['-S', '/tmp/x', 'web'], '-S'],
] as const) {
  test(`the option ${flag} is an error that names it`, async () => {
    const error = await failureOf(resolve('', words));
    assert.is(error.code, 'ERR_EXECNET_SSH_OPTION', error.stack);
    assert.ok(error.message.includes(`the option ${flag} `), error.message);
  });
}

test('switches take back what a file wants', async () => {
  const config = 'ForwardAgent yes\nForwardX11 yes\nRequestTTY force\n';
  assert.is((await resolve(config, ['-axT', 'web'])).host, 'web');
});

test('LocalCommand is an error only if it is permitted', async () => {
  const error = await failureOf(resolve('LocalCommand touch "/tmp/x"\nPermitLocalCommand yes\n'));
  assert.is(error.code, 'ERR_EXECNET_SSH_OPTION');
  assert.match(error.message, 'PermitLocalCommand=no');
});

test('RefuseConnection forbids to connect, in its own words', async () => {
  const error = await failureOf(resolve('Match host web\n RefuseConnection "use the new one"\n'));
  assert.is(error.code, 'ERR_EXECNET_SSH_OPTION');
  assert.match(error.message, 'use the new one');
});

test('Tag chooses by "Match tagged"', async () => {
  const config = 'Host web\n Tag work\nMatch tagged work\n User w\nMatch tagged other\n Port 3\n';
  const { user, port } = await resolve(config);
  assert.equal([user, port], ['w', 22]);
});

test('"Match localnetwork" knows the addresses of this machine', async () => {
  const config =
    'Match localnetwork 127.0.0.0/8\n User here\nMatch localnetwork 203.0.113.0/24,fe00::/128\n Port 3\n';
  const { user, port } = await resolve(config);
  assert.equal([user, port], ['here', 22]);
  assert.is((await failureOf(resolve('Match localnetwork 1.2.3.4/40\n'))).code, 'ERR_EXECNET_SSH_CONFIG');
});

test('"Match version" and "Match command" can not be decided, unless another criterion has', async () => {
  for (const criterion of ['version OpenSSH_10*', 'command rsync*']) {
    const error = await failureOf(resolve(`Match ${criterion}\n User x\n`));
    assert.is(error.code, 'ERR_EXECNET_SSH_OPTION');
    assert.is((await resolve(`Match host other ${criterion}\n User x\n`)).port, 22);
  }
});

test('the agent is that of the environment, of a variable, of a path, or none', async () => {
  const env = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };
  const agent = async (line: string): Promise<string | undefined> =>
    (await resolve(line, ['web'], { env, home: '/home/me' })).agent;
  assert.is(await agent(''), '/run/agent');
  assert.is(await agent('IdentityAgent SSH_AUTH_SOCK\n'), '/run/agent');
  assert.is(await agent('IdentityAgent $OTHER\n'), '/run/other');
  assert.is(await agent('IdentityAgent $MISSING\n'), undefined);
  assert.is(await agent(`IdentityAgent "\${OTHER}.%r"\nUser bob\n`), '/run/other.bob');
  assert.is(await agent('IdentityAgent ~/agent\n'), '/home/me/agent');
  assert.is(await agent('IdentityAgent none\n'), undefined);
  assert.is((await resolve('', ['web'], { env: {} })).agent, undefined);
});

test('keys are those that are named, or else the default ones', async () => {
  const usual = await resolve('', ['web'], { home: '/home/me' });
  assert.equal(
    usual.identityFiles,
    ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => ({ path: `/home/me/.ssh/${name}`, explicit: false })),
  );
  const named = await resolve('IdentityFile %d/%r@%h\n', ['-i', '~/key', 'me@web'], { home: '/home/me' });
  assert.equal(named.identityFiles, [
    { path: '/home/me/key', explicit: true },
    { path: '/home/me/me@web', explicit: true },
  ]);
});

test('User takes tokens in a file, not where the user typed it', async () => {
  assert.is((await resolve('User %u-x\n', ['web'], { localUser: 'me' })).user, 'me-x');
  assert.is((await resolve('', ['-l', '%u', 'web'])).user, '%u');
});

test('tokens in what was expanded are not expanded again', async () => {
  const env = { A: `%h\${B}`, B: 'b' };
  const { userKnownHosts } = await resolve(`UserKnownHostsFile "/\${A}/%%h"\n`, ['web'], { env });
  assert.equal(userKnownHosts, [`/%h\${B}/%h`]);
});

test('a list of algorithms of which ssh2 has none is an error', async () => {
  const error = await failureOf(resolve('KexAlgorithms sntrup761x25519-sha512@openssh.com\n'));
  assert.is(error.code, 'ERR_EXECNET_SSH_OPTION');
  assert.match(error.message, 'curve25519-sha256');
});

test('algorithms that ssh2 has not are left out and noted', async () => {
  const { algorithms, notes } = await resolve('MACs umac-64@openssh.com,hmac-sha2-256\n');
  assert.equal(algorithms.hmac, ['hmac-sha2-256']);
  assert.match(notes?.[0] ?? '', 'umac-64@openssh.com');
});

test('preferring only methods that ssh2 has not is an error', async () => {
  const error = await failureOf(resolve('PreferredAuthentications gssapi-with-mic,hostbased\n'));
  assert.is(error.code, 'ERR_EXECNET_SSH_OPTION');
});

test('permissions that have no effect, and certificates beside keys, are noted', async () => {
  using folder = new Folder();
  const key = folder.write('key', '');
  folder.write('key-cert.pub', '');
  const { notes } = await resolve(`GSSAPIAuthentication yes\nIdentityFile ${key}\n`);
  assert.is(notes?.length, 2);
  assert.match(notes?.[0] ?? '', /config:1: GSSAPIAuthentication/);
  assert.match(notes?.[1] ?? '', 'key-cert.pub');
  assert.is((await resolve('')).notes, undefined);
});

test('a command that could be misread by a shell is not built', async () => {
  for (const config of ['HostName "x;id"\nProxyCommand nc %h\n', 'User "a`id`"\nProxyCommand nc %r\n']) {
    const error = await failureOf(resolve(config));
    assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG', error.stack);
  }
  const { proxy } = await resolve('User me\nProxyCommand nc -x %n:%r %h %p # %%\n', ['Web:5']);
  assert.equal(proxy, { kind: 'command', command: 'nc -x Web:me web 5 # %' });
});

test('"ProxyCommand -" is an error', async () => {
  assert.is((await failureOf(resolve('ProxyCommand -\n'))).code, 'ERR_EXECNET_SSH_OPTION');
});

testWithOpenSsh('every keyword that OpenSSH prints is known', async () => {
  const printed = (await askOpenSsh(['-F', 'none', 'web'])) ?? new Map<string, string[]>();
  const unknown = [...printed.keys()]
    .map((keyword) => keyword.toLowerCase())
    .filter((keyword) => !KEYWORDS.has(keyword));
  assert.equal(unknown, []);
});

testWithOpenSsh("OpenSSH's own defaults are accepted, each written out", async () => {
  const printed = (await askOpenSsh(['-F', 'none', 'web'])) ?? new Map<string, string[]>();
  const skipped = new Set(['host', 'hostname', 'user', 'canonicaldomains', 'rekeylimit']);
  const lines = [...printed]
    .filter(([keyword]) => !skipped.has(keyword))
    .flatMap(([keyword, values]) => values.map((value) => `${keyword} ${value}`));
  const { host, port } = await resolve(lines.join('\n'));
  assert.equal([host, port], ['web', 22]);
});

test.run();
