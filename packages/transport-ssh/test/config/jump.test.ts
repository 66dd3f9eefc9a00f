import { quoteWords } from '@execnet/core/plugin';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Destination, resolveDestination } from '../../src/config/index.ts';
import { failureOf } from './failure.ts';
import { Folder } from './folder.ts';

async function resolve(config: string, ...words: string[]): Promise<Destination> {
  using folder = new Folder();
  return await resolveDestination(quoteWords(words), {
    configFile: folder.write('config', config),
    env: {},
    localUser: 'me',
  });
}

/** The way to a host: `user@host:port` of each hop, a command in front of the first. */
function way({ proxy }: Destination): readonly string[] {
  if (!proxy) return [];
  if (proxy.kind === 'command') return [`<${proxy.command}>`];
  return proxy.hops.flatMap((hop, index) => {
    assert.ok(index === 0 || !hop.proxy, 'only the first hop has a proxy');
    return [...way(hop), `${hop.user}@${hop.host}:${hop.port}`];
  });
}

test('hops are in the order of connecting, each resolved by the files for itself', async () => {
  const config = [
    'Host two',
    ' HostName two.example',
    ' User second',
    ' IdentityFile /two',
    'Host one',
    ' Port 1111',
    'Host web',
    ' ProxyJump first@one,two:2222',
    ' User third',
  ];
  const destination = await resolve(config.join('\n'), '-o', 'Compression=yes', 'web');
  assert.equal(way(destination), ['first@one:1111', 'second@two.example:2222']);
  const hops = destination.proxy?.kind === 'jump' ? destination.proxy.hops : [];
  assert.equal(
    hops.map(({ identityFiles }) => identityFiles[0]?.path.startsWith('/two')),
    [false, true],
  );
  // the words of the destination are not for its hops
  assert.equal(
    [destination, ...hops].map(({ compression }) => compression),
    [true, false, false],
  );
});

test('a hop may itself be behind a hop, or a command; only the first one of a list is asked', async () => {
  const config = [
    'Host one',
    ' ProxyJump outer',
    'Host outer',
    ' ProxyCommand nc %h %p',
    'Host two',
    ' ProxyJump ignored',
  ].join('\n');
  assert.equal(way(await resolve(config, '-J', 'one,two', 'web')), [
    '<nc outer 22>',
    'me@outer:22',
    'me@one:22',
    'me@two:22',
  ]);
});

test('hops take tokens of the destination, and may be URIs', async () => {
  const config = 'Match originalhost Web\n ProxyJump %r@gate-%h-%n:%p,ssh://a%%40b@[::1]:7\n';
  assert.equal(way(await resolve(`Port 5\nHostName real\n${config}`, 'bob@Web')), [
    'bob@real:5',
    'a@b@real:7',
  ]);
});

test('a jump host needs no session: what would be refused for one does not matter', async () => {
  const config =
    'Host gate\n RemoteCommand menu\n RequestTTY force\n LocalForward 1 a:2\n ForwardAgent yes\n';
  assert.equal(way(await resolve(config, '-J', 'gate', 'web')), ['me@gate:22']);
  const error = await failureOf(resolve('Host gate\n HostbasedAuthentication yes\n', '-J', 'gate', 'web'));
  assert.is(error.code, 'ERR_EXECNET_SSH_OPTION');
});

test('a jump over the host itself, in circles, and without end are errors that show the way', async () => {
  for (const config of [
    'ProxyJump gate\n',
    'Host web\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n',
    'Match host !x,*\n ProxyJump gate.%h\n',
  ]) {
    const error = await failureOf(resolve(config, 'web'));
    assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG', error.stack);
    assert.match(error.message, ' → ');
  }
});

test('the usual exception for the jump host itself works', async () => {
  const config = 'Host gate\n ProxyJump none\nHost *\n ProxyJump gate\n';
  assert.equal(way(await resolve(config, 'web')), ['me@gate:22']);
  assert.equal(way(await resolve(config, 'gate')), []);
});

test('a hop that could be misread by a shell or ssh is an error', async () => {
  for (const hop of ['$(id)', '-x', 'a;b', '"gate"', 'a b', 'none,a']) {
    const error = await failureOf(resolve(`ProxyJump ${hop}\n`, 'web'));
    assert.is(error.code, 'ERR_EXECNET_SSH_CONFIG', hop);
  }
  assert.is((await failureOf(resolve('', '-J', 'a;b', 'web'))).code, 'ERR_EXECNET_SPEC');
});

test('a comment may follow ProxyJump', async () => {
  assert.equal(way(await resolve('Host web\n ProxyJump gate # the old one\n', 'web')), ['me@gate:22']);
  assert.equal(way(await resolve('ProxyJump none # direct\n', 'web')), []);
});

test('two ways at once in the spec are an error', async () => {
  for (const words of [
    ['-J', 'a', '-J', 'b'],
    ['-J', 'a', '-o', 'ProxyCommand=nc'],
  ]) {
    assert.is((await failureOf(resolve('', ...words, 'web'))).code, 'ERR_EXECNET_SPEC');
  }
});

test.run();
