import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ConnectError, Group, SpecError } from 'execnet';
import * as assert from 'uvu/assert';
import { clientSection } from '../../../tools/hosts/client-config.mjs';
import { command } from '../../../tools/hosts/command.mjs';
import { makeKey } from '../../../tools/hosts/keys.mjs';
import { refusedPort, silentServer } from '../../../tools/hosts/ports.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { tooOldInterpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { isA } from './fixtures/is-a.ts';
import {
  type Client,
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
import { ECHOED } from './fixtures/start-failures.ts';
import { test } from './fixtures/tests.ts';

function fieldsOf({ alias, config }: { alias: string; config: string }, client: Client) {
  return { ssh: alias, ssh_config: config, ssh_client: client, stdio: 'ignore' } as const;
}

/** Answers everybody in its own way. */
async function answering(answer: (socket: Socket) => void): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

onBothClients('a name that has no address', async (client) => {
  const failure = await refusalOf(specAt(client, 'no.such.host.invalid'));
  check(failure, 'ERR_EXECNET_HOST_NOT_FOUND', /no\.such\.host\.invalid/, /check the name/);
});

onBothClients('a port where nobody listens', async (client) => {
  const port = await refusedPort();
  const failure = await refusalOf(specAt(client, `127.0.0.1:${port}`));
  check(
    failure,
    'ERR_EXECNET_REFUSED',
    new RegExp(`127.0.0.1.*${port}`),
    /check that the (ssh )?server runs/,
  );
});

onBothClients('a server that says nothing is given up after ConnectTimeout', async (client) => {
  await using silent = await silentServer();
  const spec = specAt(client, `-o ConnectTimeout=1 127.0.0.1:${silent.port}`);
  const failure = await refusalOf(spec);
  check(failure, 'ERR_EXECNET_CONNECT_TIMEOUT', new RegExp(String(silent.port)));
  while (silent.connections() > 0) await after(5);
});

onBothClients('a server that says nothing is given up after the timeout of makeGateway', async (client) => {
  await using silent = await silentServer();
  const spec = specAt(client, `127.0.0.1:${silent.port}`);
  const failure = await refusalOf(spec, { timeout: 400 });
  check(failure, 'ERR_EXECNET_CONNECT_TIMEOUT', /no hello within 400 ms/);
  if (client === 'ssh2') assert.match(failure.message, 'is it an ssh server?');
  while (silent.connections() > 0) await after(5);
});

for (const [title, answer] of [
  ['a server of http', 'HTTP/1.1 400 Bad Request\r\n\r\n400 Bad Request\r\n'],
  ['a server that talks without end', 'I am something else\n'.repeat(100_000)],
  ['a server that closes at once', ''],
] as const) {
  onBothClients(title, async (client) => {
    await using server = await answering((socket) => socket.end(answer));
    const failure = await refusalOf(specAt(client, `127.0.0.1:${server.port}`));
    check(failure, 'ERR_EXECNET_SSH', new RegExp(String(server.port)), /is it an ssh server/);
  });
}

test('a server that resets the connection after its greeting', async () => {
  await using server = await answering((socket) => {
    socket.write('SSH-2.0-OpenSSH_9.2\r\n', () => socket.resetAndDestroy());
  });
  const failure = await refusalOf(specAt('ssh2', `127.0.0.1:${server.port}`));
  check(failure, 'ERR_EXECNET_UNREACHABLE', new RegExp(String(server.port)), /check/);
});

for (const [title, leave] of [
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ['closes', (socket: Socket) => socket.destroy()],
] as const) {
  test(`a server that ${title} the connection while the known hosts are read`, async () => {
    using folder = new Folder();
    const hosts = join(folder.path, 'known_hosts');
    await command('mkfifo', [hosts]);
    await using server = await answering((socket) => {
      setTimeout(leave, 20, socket);
      // whoever reads a pipe waits for who writes to it
      setTimeout(() => writeFileSync(hosts, ''), 40);
    });
    const spec = specAt('ssh2', `-o UserKnownHostsFile=${hosts} 127.0.0.1:${server.port}`);
    const failure = await refusalOf(spec);
    check(
      failure,
      title === 'resets' ? 'ERR_EXECNET_UNREACHABLE' : 'ERR_EXECNET_SSH',
      new RegExp(String(server.port)),
      /server/,
    );
  });
}

onBothClients('a command that ends at once tells its code, however busy the program is', async (client) => {
  await using host = await startSshd({ extra: ['ForceCommand exit 7'] });
  // what comes meanwhile is read in one go
  const busy = setInterval(() => {
    for (const end = Date.now() + 40; Date.now() < end; );
  }, 1);
  try {
    check(await refusalOf(specOn(host, client)), 'ERR_EXECNET_NOT_AN_INTERPRETER', /ended with code 7/);
  } finally {
    clearInterval(busy);
  }
});

onBothClients('of a program that prints what it is to run no more than that is told', async (client) => {
  await using host = await startSshd();
  for (const field of ['node', 'python'])
    check(
      await refusalOf(`${specOf(host, client)}//${field}=echo`),
      'ERR_EXECNET_NOT_AN_INTERPRETER',
      ECHOED,
    );
});

onBothClients('a server that breaks off while the keys are exchanged', async (client) => {
  await using server = await answering((socket) => {
    socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    socket.once('data', () => socket.end());
  });
  const failure = await refusalOf(specAt(client, `127.0.0.1:${server.port}`));
  check(failure, 'ERR_EXECNET_UNREACHABLE', new RegExp(String(server.port)), /the log of the server/);
});

onBothClients('a key that the server does not know', async (client) => {
  await using host = await startSshd();
  const key = await makeKey(join(host.folder, 'wrong'), 'ed25519');
  writeFileSync(host.config, clientSection({ ...host, key }));
  const failure = await refusalOf(specOn(host, client));
  check(failure, 'ERR_EXECNET_AUTHENTICATION', /publickey/, /key/);
  if (client === 'ssh2') check(failure, 'ERR_EXECNET_AUTHENTICATION', new RegExp(key), /authorized_keys/);
  assert.equal(await leftBehind(host), []);
});

onBothClients('a host that is not known', async (client) => {
  await using host = await startSshd();
  writeFileSync(host.knownHosts, '');
  const failure = await refusalOf(specOn(host, client));
  check(failure, 'ERR_EXECNET_HOST_KEY_UNKNOWN', new RegExp(`${host.port}`), /fingerprint/, /accept-new/);
  assert.equal(await leftBehind(host), []);
});

onBothClients('a host whose key has changed', async (client) => {
  await using host = await startSshd();
  const key = await makeKey(join(host.folder, 'other'), 'ed25519');
  writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${readFileSync(`${key}.pub`, 'utf8')}`);
  const failure = await refusalOf(specOn(host, client));
  check(failure, 'ERR_EXECNET_HOST_KEY_CHANGED', /HAS CHANGED/, /fingerprint/, /ssh-keygen -R/);
  assert.match(failure.message, `${host.knownHosts}:1`);
  assert.equal(await leftBehind(host), []);
});

for (const program of ['no-such-interpreter', '/nowhere/node']) {
  onBothClients(`an interpreter that is missing: ${program}`, async (client) => {
    await using host = await startSshd({ env: { PATH: '/usr/bin:/bin:/odd' } });
    const failure = await refusalOf(`${specOf(host, client)}//node=${program}`);
    check(failure, 'ERR_EXECNET_INTERPRETER_NOT_FOUND', new RegExp(`"${program}"`), /node=\/opt/);
    assert.match(failure.message, 'PATH is /usr/bin:/bin:/odd.');
    assert.equal(await leftBehind(host), []);
  });
}

for (const [title, make] of [
  ['a file without permission', (folder: Folder) => folder.file('plain', 'text')],
  ['a folder', (folder: Folder) => folder.path],
] as const) {
  onBothClients(`an interpreter that may not be executed: ${title}`, async (client) => {
    await using host = await startSshd();
    using folder = new Folder();
    const failure = await refusalOf(`${specOf(host, client)}//node=${make(folder)}`);
    check(failure, 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', new RegExp(`"${make(folder)}"`), /permission/);
    assert.equal(await leftBehind(host), []);
  });
}

onBothClients('an interpreter whose first line names one that is missing', async (client) => {
  await using host = await startSshd();
  using folder = new Folder();
  const script = folder.file('script', '#!/nowhere/sh\n');
  const failure = await refusalOf(`${specOf(host, client)}//node=${script}`);
  check(failure, 'ERR_EXECNET_INTERPRETER_NOT_FOUND', new RegExp(script));
  assert.equal(await leftBehind(host), []);
});

onBothClients('a program that is no interpreter and stays', async (client) => {
  await using host = await startSshd();
  const program = `sh -c 'echo this is printed; echo and this >&2; exec sleep 1000'`;
  const failure = await refusalOf({ ...fieldsOf(host, client), node: program }, { timeout: 3000 });
  check(failure, 'ERR_EXECNET_CONNECT_TIMEOUT', /this is printed/);
  assert.match(failure.message, 'and this');
  assert.equal(await leftBehind(host), []);
});

onBothClients('an interpreter without a name', async (client) => {
  await using host = await startSshd();
  await using group = new Group();
  await group.makeGateway(specOn(host, client, 'id=middle'));
  for (const field of ['node', 'bun', 'deno'])
    for (const spec of [`${specOf(host, client)}//${field}=`, `popen//via=middle//${field}=`]) {
      const failure = await failureOf(group.makeGateway(spec));
      check(failure, 'ERR_EXECNET_SPEC', new RegExp(`${field}= names no program`));
    }
});

for (const [program, code] of [
  ['false', 1],
  ['true', 0],
  [`sh -c 'echo what is this >&2; exit 77'`, 77],
  [`sh -c 'exit 255'`, 255],
] as const) {
  onBothClients(`a program that is no interpreter: ${program}`, async (client) => {
    await using host = await startSshd();
    const failure = await refusalOf({ ...fieldsOf(host, client), node: program });
    check(failure, 'ERR_EXECNET_NOT_AN_INTERPRETER', new RegExp(`ended with code ${code}`));
    check(failure, 'ERR_EXECNET_NOT_AN_INTERPRETER', /is it an interpreter of the kind/);
    if (code === 77) assert.match(failure.message, 'what is this');
    assert.equal(await leftBehind(host), []);
  });
}

const old = tooOldInterpreter();
if (old) {
  onBothClients(`an interpreter that is too old: ${old.version}`, async (client) => {
    await using host = await startSshd();
    const failure = await refusalOf(`${specOf(host, client)}//node=${old.path}`);
    check(failure, 'ERR_EXECNET_INTERPRETER_TOO_OLD', /Node\.js 18 or newer is needed/, /node=/);
    assert.match(failure.message, old.version);
    assert.equal(await leftBehind(host), []);
  });
}

onBothClients('a folder that can be neither made nor entered', async (client) => {
  await using host = await startSshd();
  using folder = new Folder();
  const plain = folder.file("pl'ain", 'text');
  for (const path of ['/proc/nowhere', plain, join(plain, 'below')]) {
    const failure = await refusalOf(`${specOn(host, client)}//chdir=${path}`);
    check(failure, 'ERR_EXECNET_CHDIR', /chdir=.*can't be made or entered/);
    assert.match(failure.message, JSON.stringify(path));
  }
  assert.equal(await leftBehind(host), []);
});

onBothClients('an option that there is not', async (client) => {
  const failure = await refusalOf(specAt(client, '-o NoSuchOption=1 127.0.0.1'));
  check(failure, 'ERR_EXECNET_SSH_OPTION', /NoSuchOption/i, /correct it/);
});

test('ssh2: an option that only OpenSSH can honour is named, and the client that can', async () => {
  for (const [words, named] of [
    ['-A 127.0.0.1', /-A/],
    ['-o CertificateFile=/a 127.0.0.1', /CertificateFile/],
    ['-o GSSAPIAuthentication=yes 127.0.0.1', /GSSAPIAuthentication/],
    ['-o ControlMaster=auto 127.0.0.1', /ControlMaster/],
    ['-o RemoteCommand=ls 127.0.0.1', /RemoteCommand/],
    ['-L 1:a:2 127.0.0.1', /-L/],
  ] as const) {
    const failure = await refusalOf(specAt('ssh2', words));
    isA(failure, SpecError);
    check(failure, 'ERR_EXECNET_SSH_OPTION', named, /ssh_client=openssh/);
  }
});

onBothClients('a configuration file that is missing, or wrong', async (client) => {
  using folder = new Folder();
  const lines = { port: 'Host *\n  Port abc\n', unknown: 'Host *\n  Hostnaem 127.0.0.1\n' };
  for (const [path, code, named] of [
    [join(folder.path, 'missing'), 'ERR_EXECNET_SSH_CONFIG', /missing/],
    [folder.file('port', lines.port), 'ERR_EXECNET_SSH_CONFIG', /port.*2.*abc/],
    [folder.file('unknown', lines.unknown), 'ERR_EXECNET_SSH_OPTION', /unknown.*2.*Hostnaem/i],
  ] as const)
    check(await refusalOf(`ssh=host//ssh_config=${path}//ssh_client=${client}`), code, named);
});

test('values of ssh fields that mean nothing are told before anything is started', async () => {
  for (const [spec, said] of [
    ['ssh', /ssh= names a host/],
    ['ssh=a//ssh_config', /ssh_config= names a file/],
    ['ssh=a//ssh_client=putty', /ssh2, openssh.*putty/],
    ['ssh=-p 22', /names no host/],
    ['ssh=a b', /"b" stands behind the host/],
    ['ssh=me@a -l you', /contradicts/],
    ['ssh=-F a b//ssh_config=c', /contradicts/],
  ] as const) {
    const failure = await refusalOf(spec);
    isA(failure, SpecError);
    check(failure, 'ERR_EXECNET_SPEC', said);
  }
});

testOn(['sshd', 'ssh'], 'openssh: what a banner says is not taken for the reason', async () => {
  using folder = new Folder();
  const banner = folder.file(
    'banner',
    'Access may be revoked. Connection refused? Timed out? Permission denied? Bad configuration option?\n',
  );
  await using host = await startSshd({ extra: [`Banner ${banner}`] });
  const missing = await refusalOf(`${specOf(host, 'openssh')}//node=/nowhere`);
  check(missing, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
  const key = await makeKey(join(host.folder, 'wrong'), 'ed25519');
  writeFileSync(host.config, clientSection({ ...host, key }));
  check(await refusalOf(specOn(host, 'openssh')), 'ERR_EXECNET_AUTHENTICATION', /Access may be revoked/);
});

test('openssh: a machine without the program says so', async () => {
  using folder = new Folder();
  const { PATH } = process.env;
  process.env['PATH'] = folder.path;
  try {
    const failure = await refusalOf(specAt('openssh', '127.0.0.1'));
    check(failure, 'ERR_EXECNET_SSH', /needs the program ssh on localhost/, /leave ssh_client out/);
  } finally {
    process.env['PATH'] = PATH;
  }
});

onBothClients('each failure is a ConnectError, and the group can be used afterwards', async (client) => {
  await using host = await startSshd();
  await using group = new Group();
  isA(await refusalOf(`${specOf(host, client)}//node=/nowhere`, { group }), ConnectError);
  const gateway = await group.makeGateway(specOn(host, client));
  assert.is(await gateway.call(() => 42), 42);
});

test.run();
