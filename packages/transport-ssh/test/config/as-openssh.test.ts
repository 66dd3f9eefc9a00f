import { quoteWords } from '@execnet/core/plugin';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { currentTier } from '../../../../tools/lib/combinations.mjs';
import { type Destination, resolveDestination } from '../../src/config/index.ts';
import { asPrinted, fromPrinted } from './compare.ts';
import { Folder } from './folder.ts';
import { askOpenSsh, testWithOpenSsh } from './openssh.ts';

const env = { PATH: process.env['PATH'], LANG: 'C', LC_ALL: 'C', A1: 'a1', A2: 'a2', WHERE: '/where' };

/** Both understand the same, or both refuse. True if they understood. */
async function compare(config: string, args: readonly string[]): Promise<boolean> {
  using folder = new Folder();
  const file = folder.write('config', config.replaceAll('FOLDER', folder.path));
  folder.write('more.conf', 'User more\nHost inner\n Port 99\n');
  folder.write('d/b.conf', 'Port 2\n');
  folder.write('d/a.conf', 'Port 1\nUser a\n');
  folder.write('d/.hidden.conf', 'Port 3\n');
  const words = ['-F', file, ...args];
  const printed = await askOpenSsh(words, env);
  const ours = await attempt(() => resolveDestination(quoteWords(words), { env }));
  const about = `${JSON.stringify(config)} ${args.join(' ')}`;
  if (ours instanceof Error || !printed) {
    const what = ours instanceof Error ? `${ours.message}` : 'we do not';
    assert.ok(ours instanceof Error && !printed, `only one refuses ${about}: ${what}`);
    return false;
  }
  assert.equal(asPrinted(ours), fromPrinted(printed, ours, env), about);
  return true;
}

async function attempt(run: () => Promise<Destination>): Promise<Destination | Error> {
  try {
    return await run();
  } catch (error) {
    return error as Error;
  }
}

for (const [title, config, ...args] of [
  ['an empty file', '', 'web'],
  ['comments, blank lines and tabs', '# User a\n\n\t \n\tUser\tb\n  # c\n', 'web'],
  ['a keyword in any case, with = and blanks around it', 'uSeR=b\nPORT = 2222\nHostKeyAlias\t=\tx', 'web'],
  ['lines that end in CRLF', 'User b\r\nPort 22\r\nHost web\r\n Compression yes\r\n', 'web'],
  ['quotes of both kinds', 'User "b"\nHostKeyAlias \'c\'\nIdentityFile "/a b/c"\n', 'web'],
  ['escapes', 'IdentityFile /a\\ b\nIdentityFile "/a\\"b"\nIdentityFile /c\\d\n', 'web'],
  ['a quoted keyword', '"User" b\n', 'web'],
  ['comments behind arguments', 'User b # c\nHostKeyAlias a#b\nHost web # x\n Port 3\n', 'web'],
  ['the first value wins', 'User a\nUser b\nHost web\n User c\n', 'web'],
  ['the command line wins over the file', 'User a\nPort 3\n', '-l', 'me', '-p', '4', 'web'],
  ['-o wins over the file', 'User a\nCompression no\n', '-o', 'User=b', '-o', 'Compression yes', 'web'],
  ['the first of -o and -p wins', '', '-o', 'Port=5', '-p', '6', 'web'],
  ['user@host', '', 'me@web'],
  ['-l wins over -o User behind it', '', '-l', 'a', '-o', 'User=b', 'web'],
  ['-C, -4, -a, -x, -T and -q', 'Compression no\n', '-C', '-4', '-aTxq', 'web'],
  ['-6', '', '-6', 'web'],
  ['Host with patterns', 'Host a? *.example.com\n User x\nHost *\n User y\n', 'ab'],
  ['a question mark is exactly one character', 'Host a?\n User x\n', 'a'],
  ['a comma in Host is no separator', 'Host a,b\n User x\n', 'a'],
  ['negated Host', 'Host * !web\n User x\nHost !other\n User y\n', 'web'],
  ['negated Host, of another host', 'Host !other *\n User x\n', 'web'],
  ['Host minds the case, Match does not', 'Host WEB\n Port 3\nMatch host WEB\n User m\n', 'web'],
  ['the name in lower case', 'Host WEB\n Port 3\n', 'WEB'],
  ['IPv6 addresses', 'Host ::1\n Port 3\n', '::1'],
  ['HostName with tokens', 'HostName %h.example%%\nUserKnownHostsFile /k/%h/%n/%k\n', 'Web'],
  [
    'Match host sees HostName',
    'HostName real\nMatch host real\n User m\nMatch originalhost Web\n Port 2\n',
    'Web',
  ],
  ['Match user sees -l', 'Match user b*,!bad\n Port 3\n', '-l', 'bob', 'web'],
  ['Match user, negated in the list', 'Match user b*,!bad\n Port 3\n', '-l', 'bad', 'web'],
  ['Match localuser', 'Match localuser *\n Port 3\n', 'web'],
  ['negated criteria', 'Match !host other\n Port 3\nMatch !host web\n User x\nMatch !all\n User y\n', 'web'],
  ['several criteria', 'Match host web user bob\n Port 3\n', 'bob@web'],
  ['Match with =', 'Match user=bob,x\n Port 3\n', 'bob@web'],
  ['Match all', 'Host other\nMatch all\n Port 3\n', 'web'],
  ['Match exec', 'Match exec "test %h = web"\n Port 3\nMatch exec false\n User x\n', 'web'],
  ['Match exec stops at the first failing criterion', 'Match host x exec "kill -9 $$"\n Port 3\n', 'web'],
  ['Match final', 'Match final host real\n Port 7\nHost real\n User r\nHost web\n HostName REAL\n', 'web'],
  ['Match final all', 'Match final all\n Port 7\n', 'web'],
  ['Match canonical without final', 'Match canonical\n Port 7\n', 'web'],
  ['Match canonical in a final pass', 'Match canonical\n Port 7\nMatch final\n User f\n', 'web'],
  ['Match !final', 'Match !final\n Port 7\nMatch final\n Port 8\n', 'web'],
  ['files of a final pass come last', 'Match final\n IdentityFile /z\nHost web\n IdentityFile /q\n', 'web'],
  ['an unknown criterion', 'Match foo bar\n', 'web'],
  ['a criterion without an argument', 'Match host\n', 'web'],
  ['all behind other criteria', 'Match host a user b all\n', 'web'],
  ['all in front of other criteria', 'Match all host x\n', 'web'],
  ['Include', 'Include FOLDER/more.conf\nUser last\n', 'web'],
  ['Include in the order of names', 'Include FOLDER/d/*.conf\nUser last\n', 'web'],
  ['Include with lists and question marks', 'Include FOLDER/d/[!a].c?nf FOLDER/more*\n', 'web'],
  ['Include of nothing', 'Include FOLDER/none* FOLDER/none\nUser last\n', 'web'],
  ['Include of a folder', 'Include FOLDER/*\nHostKeyAlias last\n', 'web'],
  ['Include where nothing applies', 'Host other\n Include FOLDER/d/*.conf\n', 'web'],
  ['Host of an included file ends with it', 'Host *\n Include FOLDER/more.conf\n Compression yes\n', 'web'],
  ['Include of itself', 'Include FOLDER/config\n', 'web'],
  [
    'IdentityFile accumulates',
    'IdentityFile /a\nIdentityFile /b\nIdentityFile /a\n',
    '-i',
    '/dev/null',
    'web',
  ],
  ['IdentityFile none', 'IdentityFile none\n', 'web'],
  ['IdentityFile with a tilde', 'IdentityFile ~/k\nIdentitiesOnly yes\n', 'web'],
  ['known hosts files', `UserKnownHostsFile ~/a %d/b "\${WHERE}/c" %l.%L.%i.%u.%r.%p.%C\n`, 'web'],
  ['no known hosts files', 'UserKnownHostsFile none\nGlobalKnownHostsFile /g %h\n', 'web'],
  ['none among known hosts files', 'UserKnownHostsFile /a none\n', 'web'],
  ['an environment variable that is not set', `UserKnownHostsFile \${NOT_THERE}\n`, 'web'],
  ['a token that is none', 'UserKnownHostsFile %q\n', 'web'],
  ['the home of a user that is none', 'UserKnownHostsFile ~no-such-user/x\n', 'web'],
  ['HostKeyAlias', 'HostKeyAlias Other\nUserKnownHostsFile %k\n', 'web'],
  ['ProxyCommand as it stands', 'ProxyCommand "nc" -x  a#b "c d" # e\n', 'web'],
  ['ProxyCommand none', 'ProxyCommand none\nProxyJump gate\n', 'web'],
  ['ProxyCommand before ProxyJump', 'ProxyCommand nc\nProxyJump gate\n', 'web'],
  [
    'ProxyJump before ProxyCommand',
    'Host web\n ProxyJump gate\nHost *\n ProxyCommand nc\nHost gate\n ProxyCommand none\n',
    '-o',
    'ProxyCommand=none',
    'web',
  ],
  ['ProxyJump none leaves ProxyCommand', 'ProxyJump none\nProxyCommand nc\n', 'web'],
  ['-J none', 'ProxyJump gate\n', '-J', 'none', 'web'],
  ['-J', '', '-J', 'me@one:1,two', 'web'],
  ['ProxyJump as URI', 'Match originalhost web\n ProxyJump ssh://me@gate:3\n', 'web'],
  ['a jump host that is the host', 'ProxyJump web\n', 'web'],
  ['a jump host without a name', 'ProxyJump me@\n', 'web'],
  ['a jump host with a bad port', 'ProxyJump gate:x\n', 'web'],
  ['an empty jump host', 'ProxyJump a,,b\n', 'web'],
  ['times', 'ConnectTimeout 1m30s\nServerAliveInterval 2H\nServerAliveCountMax 5\n', 'web'],
  ['no time', 'ConnectTimeout none\nServerAliveInterval none\n', 'web'],
  ['a time without a unit behind one with', 'ConnectTimeout 1m30\n', 'web'],
  ['no time at all', 'ConnectTimeout 1x\n', 'web'],
  ['StrictHostKeyChecking off', 'StrictHostKeyChecking OFF\n', 'web'],
  ['StrictHostKeyChecking true', 'StrictHostKeyChecking true\n', 'web'],
  ['StrictHostKeyChecking accept-new', 'StrictHostKeyChecking accept-new\n', 'web'],
  ['StrictHostKeyChecking maybe', 'StrictHostKeyChecking maybe\n', 'web'],
  ['SetEnv', 'SetEnv A=1 B="2 3" A=4\nSetEnv C=5\n', 'web'],
  ['SendEnv', 'SendEnv LC_* A?\nSendEnv -A2* LANG\nSendEnv -A?\nSendEnv A2\n', 'web'],
  ['SetEnv without a value', 'SetEnv A\n', 'web'],
  [
    'methods',
    'PreferredAuthentications password,publickey,gssapi-with-mic\nPubkeyAuthentication no\n',
    'web',
  ],
  ['methods by older names', 'ChallengeResponseAuthentication no\nDSAAuthentication yes\n', 'web'],
  ['PubkeyAuthentication unbound', 'NumberOfPasswordPrompts 1\n', 'web'],
  ['BatchMode', 'BatchMode yes\n', 'web'],
  ['Ciphers', 'Ciphers aes256-ctr,3des-cbc,chacha20-poly1305@openssh.com\n', 'web'],
  ['Ciphers taken away', 'Ciphers -aes*,chacha*\nMACs -*sha1*\n', '-o', 'Ciphers=-aes*-ctr', 'web'],
  [
    'algorithms added',
    'KexAlgorithms +diffie-hellman-group14-sha1\nMACs +hmac-md5\nHostKeyAlgorithms +ssh-rsa\n',
    'web',
  ],
  [
    'algorithms put first',
    'KexAlgorithms ^ecdh-sha2-nistp521\nPubkeyAcceptedKeyTypes ^rsa-sha2-256\n',
    'web',
  ],
  [
    'key algorithms by pattern',
    'HostKeyAlgorithms ecdsa*,ssh-ed25519\nPubkeyAcceptedAlgorithms -rsa*\n',
    'web',
  ],
  ['an unknown keyword', 'Bogus 1\n', 'web'],
  ['an unknown keyword where nothing applies', 'Host other\n Bogus 1\n', 'web'],
  ['IgnoreUnknown', 'IgnoreUnknown bog*,x\nBogus 1 2 3\nX 1\n', 'web'],
  ['IgnoreUnknown too late', 'Bogus 1\nIgnoreUnknown bog*\n', 'web'],
  ['a bad value where nothing applies', 'Host other\n Port abc\n', 'web'],
  ['a keyword alone', 'User\nPort 22\n', 'web'],
  ['a keyword with nothing but a comment', 'User # me\n', 'web'],
  ['two arguments', 'User a b\n', 'web'],
  ['an empty argument', 'User ""\n', 'web'],
  ['Host with nothing', 'Host\n', 'web'],
  ['Host with an empty pattern', 'Host ""\n', 'web'],
  ['a quote that is not closed', 'User "a\n', 'web'],
  ['a command with a quote that is not closed', 'ProxyCommand nc "x\n', 'web'],
  ['port 0', 'Port 0\n', 'web'],
  ['port 65536', 'Port 65536\n', 'web'],
  ['a hexadecimal port', 'Port 0x16\n', 'web'],
  ['no flag', 'IdentitiesOnly maybe\n', 'web'],
  ['a negative number', 'ConnectionAttempts -1\n', 'web'],
  ['no attempts', 'ConnectionAttempts 0\n', 'web'],
  ['a number that is too large', 'NumberOfPasswordPrompts 99999999999\n', 'web'],
  ['Host as an option', '', '-o', 'Host=web', 'web'],
  ['Include as an option', '', '-o', 'Include=/x', 'web'],
  ['an unknown option', '', '-o', 'Bogus=1', 'web'],
  ['an option without a value', '', '-o', 'User', 'web'],
  ['a host with a blank', '', 'a b'],
  ['a host with a dollar', '', 'a$b'],
  ['a user with a semicolon', '', '-l', 'a;b', 'web'],
  ['a missing file', '', '-F', '/no/such/file', 'web'],
  ['a byte order mark', '\uFEFFUser a\n', 'web'],
  ['garbage', '\x01\x02\x7f\n\xff\n', 'web'],
  [
    "Debian's file",
    'Include FOLDER/none.d/*.conf\nHost *\n SendEnv LANG LC_*\n HashKnownHosts yes\n GSSAPIAuthentication yes\n',
    'web',
  ],
  [
    "Red Hat's file",
    'Match final all\n GSSAPIAuthentication yes\n ForwardX11Trusted yes\n SendEnv LANG LC_*\n Ciphers aes256-gcm@openssh.com,aes256-ctr\n GSSAPIKeyExchange no\n RequiredRSASize 2048\n CASignatureAlgorithms ssh-ed25519\n',
    'web',
  ],
] as const) {
  testWithOpenSsh(`OpenSSH agrees on ${title}`, async () => {
    await compare(config, args);
  });
}

/** Lines that are put together at random. Those of one keyword compete. */
const LINES = [
  'User a',
  'User "b"',
  'Port 2222',
  'Port=23',
  'HostName real.example',
  'HostName %h.example',
  'Host web',
  'Host !web *',
  'Host *.example',
  'Host w?b other # x',
  'Match host *.example',
  'Match originalhost web user a',
  'Match user b',
  'Match !user b final',
  'Match final host real.example',
  'Match all',
  'Match exec "test %p = 23"',
  'Include FOLDER/more.conf',
  'Include FOLDER/d/*',
  'IdentityFile /k/%h',
  'IdentityFile ~/k',
  'IdentitiesOnly yes',
  'SendEnv A*',
  'SendEnv -A1',
  'SetEnv X=1',
  'SetEnv X=2 Y=3',
  'ProxyCommand nc a',
  'ProxyCommand none',
  'ProxyJump none',
  'UserKnownHostsFile /u/%k',
  'UserKnownHostsFile /v /w',
  'HostKeyAlias alias',
  'StrictHostKeyChecking no',
  'StrictHostKeyChecking ask',
  'Compression yes',
  'ConnectTimeout 5',
  'Ciphers aes128-ctr',
  'Ciphers -aes128-ctr',
  'BatchMode yes',
  'LogLevel DEBUG',
  'Bogus 1',
  'IgnoreUnknown bogus',
];

/** OpenSSH is a process each time. */
const RUNS = currentTier() === 'all' ? 250 : 80;

testWithOpenSsh('OpenSSH agrees on any mixture of lines', async () => {
  let understood = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...LINES), { maxLength: 12 }),
      fc.constantFrom(['web'], ['a@Web'], ['-p', '23', 'other'], ['-o', 'HostName=real.example', 'x']),
      async (lines, args) => {
        // the token of a path is compared where it was expanded, and OpenSSH prints some as they stand
        const config = lines.join('\n').replaceAll('/k/%h', '/k/h');
        if (await compare(config, args)) understood++;
      },
    ),
    { numRuns: RUNS, endOnFailure: false },
  );
  assert.ok(understood > 0.4 * RUNS, `only ${understood} were valid`);
});

testWithOpenSsh('OpenSSH splits any argument as we do', async () => {
  const parts = fc.constantFrom('a', 'B', ' ', '\t', '"', "'", '\\', '#', '=', '\\"', '\\ ', '\r', '\f', 'é');
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { maxLength: 9 }), async (chars) => {
      await compare(`HostKeyAlias ${chars.join('')}\n`, ['web']);
      await compare(`IdentityFile=${chars.join('')}\n`, ['web']);
    }),
    { numRuns: RUNS },
  );
});

test.run();
