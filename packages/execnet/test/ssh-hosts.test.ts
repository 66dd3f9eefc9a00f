// The servers for tests themselves, tried with the system's client.
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { startDropbear } from '../../../tools/hosts/dropbear.mjs';
import type { Host } from '../../../tools/hosts/host.mjs';
import { type Network, startNetwork } from '../../../tools/hosts/network.mjs';
import { refusedPort, silentServer } from '../../../tools/hosts/ports.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { isRunning } from './fixtures/processes.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

type Place = Pick<Host, 'config' | 'alias'>;
interface Options {
  readonly settings?: readonly string[];
  readonly askpass?: string;
}
type Client = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the client; it asks nobody but the program that `options` may name. */
function ssh({ config, alias }: Place, command: string, { settings = [], askpass }: Options = {}): Client {
  const asking = askpass === undefined ? {} : { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
  const batch = `BatchMode=${askpass === undefined ? 'yes' : 'no'}`;
  const args = [batch, ...settings].flatMap((one) => ['-o', one]);
  return spawn('ssh', ['-F', config, ...args, alias, command], {
    env: { ...process.env, ...asking },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What a command prints, and behind it what the client complains of. */
async function said(place: Place, command: string, options?: Options): Promise<string> {
  const client = ssh(place, command, options);
  let [output, complaint] = ['', ''];
  client.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  client.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  await once(client, 'close');
  return output + complaint;
}

/** A command that goes on without its client, with a child that has left its parents; resolves when both run. */
async function stay(host: Host): Promise<{ client: Client; pids: number[] }> {
  const client = ssh(host, `setsid sh -c 'sleep 1000 & echo $!'; echo $$; exec sleep 1000`);
  const output = await new Promise<string>((resolve) => {
    let text = '';
    client.stdout.on('data', (chunk: Uint8Array) => {
      text += String(chunk);
      if (text.split('\n').length === 3) resolve(text);
    });
  });
  return { client, pids: output.trim().split('\n').map(Number) };
}

/** A program that answers every question of the client with `secret`. */
function answering({ folder }: Host, secret: string): string {
  const file = join(folder, 'askpass');
  writeFileSync(file, `#!/bin/sh\necho '${secret}'\n`, { mode: 0o755 });
  return file;
}

/** Waits until `isSo`; nothing tells of it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await after(5);
}

const SERVERS = [
  ['sshd', startSshd],
  ['dropbear', startDropbear],
] as const;

const SHELLS = [
  ['sh', 'PATH=/odder'],
  ['dash', 'PATH=/odder'],
  ['bash', 'PATH=/odder'],
  ['zsh', 'path=(/odder)'],
  ['fish', 'set -x PATH /odder'],
] as const;

for (const [part, start] of SERVERS) {
  testOn(
    [part, 'ssh'],
    `${part}: a client logs in, and its command gets what the server is to give`,
    async () => {
      await using host = await start({ env: { GREETING: 'hi "there" ' } });
      assert.is(await said(host, 'echo "$GREETING$HOME"'), `hi "there" ${host.home}\n`);
      assert.match(host.log(), host.user);
    },
  );

  testOn([part, 'ssh'], `${part}: the client knows its keys of several types`, async () => {
    await using host = await start({ hostKeys: ['ecdsa', 'ed25519'], alias: 'web' });
    const types = ['ecdsa-sha2-nistp256', 'ssh-ed25519'];
    const each = types.map((type) => said(host, 'echo hi', { settings: [`HostKeyAlgorithms=${type}`] }));
    assert.equal(await Promise.all(each), ['hi\n', 'hi\n']);
    writeFileSync(host.knownHosts, '');
    assert.match(await said(host, 'echo hi'), 'Host key verification failed');
  });

  testOn([part, 'ssh'], `${part}: a key with a passphrase logs in`, async () => {
    await using host = await start();
    const { keyWithPassphrase, passphrase } = host;
    rmSync(host.key);
    const settings = [`IdentityFile=${keyWithPassphrase}`];
    assert.match(await said(host, 'echo hi', { settings }), 'Permission denied');
    assert.is(await said(host, 'echo hi', { settings, askpass: answering(host, passphrase) }), 'hi\n');
  });

  // both need root for it
  testOn([part, 'ssh', 'dropbear'], `${part}: a password logs in only where that is asked for`, async () => {
    const settings = ['PreferredAuthentications=password', 'NumberOfPasswordPrompts=1'];
    await using host = await start({ password: true });
    await using without = await start();
    const right = { settings, askpass: answering(host, String(host.password)) };
    const wrong = { settings, askpass: answering(without, 'sesame') };
    const [entered, ...refused] = await Promise.all([
      said(host, 'echo hi', right),
      said(host, 'echo hi', wrong),
      said(without, 'echo hi', right),
    ]);
    assert.is(entered, 'hi\n');
    for (const output of refused) assert.match(output, 'Permission denied');
  });

  testOn(
    [part, 'ssh'],
    `${part}: each shell has its own home and PATH, and reads its own file first`,
    async () => {
      const each = SHELLS.map(async ([shell, change]) => {
        await using host = await start({ shell, rc: `echo "noise $PATH"; ${change}`, path: '/usr/bin:/odd' });
        const lines = ['noise /usr/bin:/odd', `${host.home} /odder`, host.home];
        assert.is(await said(host, 'echo "$HOME $PATH"; pwd'), `${lines.join('\n')}\n`, shell);
      });
      await Promise.all(each);
    },
  );

  testOn([part, 'ssh'], `${part}: stop ends every process behind it, and removes its files`, async () => {
    await using host = await start();
    const { client, pids } = await stay(host);
    assert.is(host.connections().length, 1);
    const found = host.processes().map(({ pid }) => pid);
    for (const pid of [...host.connections(), ...pids]) assert.ok(found.includes(pid));
    const closed = once(client, 'close');
    await Promise.all([host.stop(), host.stop()]);
    assert.equal([host.pid, ...found].filter(isRunning), []);
    assert.not(existsSync(host.folder));
    await closed;
    const refused = await failureOf(once(connect(host.port, host.address), 'connect'));
    assert.is(refused.code, 'ECONNREFUSED');
  });

  testOn([part, 'ssh'], `${part}: stop finds what a server left that was killed`, async () => {
    await using host = await start();
    const { client, pids } = await stay(host);
    const found = host.processes().map(({ pid }) => pid);
    process.kill(host.pid, 'SIGKILL');
    await until(() => !isRunning(host.pid));
    assert.equal(
      host.processes().map(({ pid }) => pid),
      found,
    );
    for (const pid of pids) assert.ok(found.includes(pid));
    assert.ok(existsSync(host.config));
    const closed = once(client, 'close');
    await host.stop();
    assert.equal(found.filter(isRunning), []);
    await closed;
  });
}

testOn(['sshd', 'ssh'], 'sshd: without a file of its own a shell is quiet', async () => {
  await using host = await startSshd({ shell: 'bash' });
  assert.is(await said(host, 'echo hi'), 'hi\n');
});

testOn(['sshd', 'ssh'], 'sshd: lines of the configuration count, and variables of the client', async () => {
  await using host = await startSshd({
    extra: ['Banner none', 'ForceCommand echo forced "$GIVEN"'],
    acceptEnv: ['GIVEN'],
  });
  assert.is(await said(host, 'echo hi', { settings: ['SetEnv=GIVEN=yes'] }), 'forced yes\n');
});

testOn(['sshd'], 'a server that does not start says why, and leaves nothing', async () => {
  const failure = await failureOf(startSshd({ extra: ['NoSuchOption yes'] }));
  assert.match(failure.message, 'NoSuchOption');
  assert.not(existsSync(/\S*execnet-sshd-[^/\s]+/.exec(failure.message)?.[0] ?? ''));
});

testOn(
  ['netns', 'ssh'],
  'network: each host is reached from where it should be, and from nowhere else',
  async () => {
    await using network = await startNetwork();
    const hosts = [network.a, network.b, network.inner];
    const direct = { config: network.config, alias: 'inner-direct' };
    const [unreached, ...reached] = await Promise.all([
      said(direct, 'echo hi', { settings: ['ConnectTimeout=1'] }),
      ...hosts.map((host) => said(host, 'echo $SSH_CONNECTION')),
    ]);
    assert.match(unreached, 'timed out');
    assert.equal(
      reached.map((output) => output.split(' ')[2]),
      hosts.map(({ address }) => address),
    );
  },
);

testOn(
  ['netns', 'ssh'],
  'network: a cut stalls a stream without an end or an error, and mend heals it',
  async () => {
    await using network = await startNetwork();
    const each = [network.b, network.inner].map(async (host) => {
      const file = join(host.folder, 'counted');
      const client = ssh(host, `n=0; while n=$((n + 1)); do echo $n; echo >>${file}; sleep 0.01; done`);
      const counted = () => readFileSync(file).length;
      let seen = 0;
      client.stdout.setEncoding('utf8').on('data', (text: string) => {
        seen = Math.max(seen, ...text.split('\n').map(Number));
      });
      await until(() => seen > 5);
      await host.cut();
      // the next may have been on its way
      const last = counted() + 1;
      await until(() => counted() > last + 20);
      assert.ok(seen <= last, `${seen} arrived, ${last} were on their way`);
      assert.is(host.connections().length, 1);
      assert.is(client.exitCode, null);
      const settings = ['ConnectTimeout=1'];
      if (host === network.b) assert.match(await said(host, 'echo hi', { settings }), 'timed out');
      await host.mend();
      await until(() => seen > last + 20);
      client.kill();
      await once(client, 'close');
    });
    await Promise.all(each);
  },
);

testOn(
  ['netns', 'ssh'],
  'network: stop leaves no process, namespace, device or file, although a link is cut',
  async () => {
    await using network = await startNetwork();
    const hosts = [network.a, network.b, network.inner];
    const stays = await Promise.all(hosts.map(stay));
    const pids = hosts.flatMap((host) => [host.pid, ...host.processes().map(({ pid }) => pid)]);
    for (const pid of stays.flatMap((one) => one.pids)) assert.ok(pids.includes(pid));
    await network.a.cut();
    await network.stop();
    assert.equal(pids.filter(isRunning), []);
    for (const { folder, namespace } of hosts)
      assert.not(existsSync(folder) || existsSync(`/run/netns/${namespace}`));
    assert.not.match(
      execFileSync('ip', ['address'], { encoding: 'utf8' }),
      network.a.address.replace(/\d+$/, ''),
    );
    for (const { client } of stays) {
      // behind a link that was cut it does not hear of the end
      client.kill();
      if (client.exitCode === null && client.signalCode === null) await once(client, 'exit');
    }
  },
);

testOn(
  ['netns', 'ssh'],
  'network: what a program that was killed left is removed by the next one',
  async () => {
    const module = JSON.stringify(new URL('../../../tools/hosts/network.mjs', import.meta.url).href);
    const code = `const { startNetwork } = await import(${module});
    const { a, inner } = await startNetwork();
    console.log(JSON.stringify({ a, inner }));
    setInterval(() => {}, 1000);`;
    const { kind, path } = runningInterpreter();
    const evaluating = { node: ['--input-type=module', '-e'], bun: ['-e'], deno: ['eval'] }[kind];
    const program = spawn(path, [...evaluating, code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const dead = JSON.parse(String((await once(program.stdout, 'data'))[0])) as Pick<Network, 'a' | 'inner'>;
    const { client, pids } = await stay({ ...dead.inner, alias: 'inner' });
    program.kill('SIGKILL');
    await until(() => ![dead.a.pid, dead.inner.pid].some(isRunning) && !existsSync(dead.inner.folder));
    const network = await startNetwork();
    await network.stop();
    assert.equal(pids.filter(isRunning), []);
    assert.not(existsSync(`/run/netns/${dead.inner.namespace}`));
    client.kill();
  },
);

test('a silent server accepts and says nothing; a refused port refuses', async () => {
  await using server = await silentServer();
  // where the server has not read everything yet, its end is a reset
  const socket = connect(server.port, server.address)
    .on('data', () => assert.unreachable())
    .on('error', () => {});
  socket.write('SSH-2.0-test\r\n');
  await until(() => server.connections() === 1);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await server.stop();
  await closed;
  const refused = await failureOf(once(connect(await refusedPort(), '127.0.0.1'), 'connect'));
  assert.is(refused.code, 'ECONNREFUSED');
});

test.run();
