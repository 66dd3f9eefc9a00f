import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startDropbear } from '../../../tools/hosts/dropbear.mjs';
import type { Host } from '../../../tools/hosts/host.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { sharedEnds } from './fixtures/interpreters.ts';
import { childrenOf } from './fixtures/processes.ts';
import {
  CLIENTS,
  type Client,
  check,
  Folder,
  leftBehind,
  onBothClients,
  ownInterpreter,
  refusalOf,
  specOn,
} from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** What a shell, or a careless program between, would misread. */
const ODD = `it's a "test" \\ $HOME \`id\` !! * ~ #\n\ttwo lines\\\n; exit 1 & | < > ( ) é 💥`;

/** The spec without an interpreter. */
const bareSpecOn = ({ alias, config }: Host, client: Client): string =>
  `ssh=${alias}//ssh_config=${config}//ssh_client=${client}//stdio=ignore`;

onBothClients('Compression=yes', async (client) => {
  await using host = await startSshd({ extra: ['Compression yes'] });
  const spec = specOn({ ...host, alias: `-o Compression=yes ${host.alias}` }, client);
  if (client === 'ssh2' && process.versions['deno']) {
    check(await refusalOf(spec), 'ERR_EXECNET_SSH_OPTION', /Compression yes.*on Deno/);
    return;
  }
  await using group = new Group();
  await echoes(await group.makeGateway(spec), 1_000_000);
});

onBothClients('a host is named in each of its forms', async (client) => {
  await using host = await startSshd();
  const { user, address, port, key, knownHosts, alias, config } = host;
  using folder = new Folder();
  const options = [
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
  ];
  const general = folder.file(
    'general',
    `Host *\n  IdentityFile "${key}"\n${options.map((one) => `  ${one.replace('=', ' ')}\n`).join('')}`,
  );
  const own = options.map((one) => `-o ${one}`).join(' ');
  await using group = new Group();
  for (const [words, file] of [
    [alias, config],
    [`-F ${config} ${alias}`, undefined],
    [`-p ${port} -i '${key}' -l ${user} ${own} ${address}`, 'none'],
    [`-p${port} -i"${key}" -oUser=${user} ${own} ${address}`, 'none'],
    [`${user}@${address}:${port}`, general],
    [`-F ${general} -p ${port} ${user}@${address}`, undefined],
    [`-o HostName=${address} -o 'Port ${port}' -l ${user} anything`, general],
  ] as const) {
    const gateway = await group.makeGateway({
      ssh: words,
      ssh_client: client,
      ...(file === undefined ? {} : { ssh_config: file }),
      ...Object.fromEntries([ownInterpreter().split('=') as [string, string]]),
    });
    assert.is(await gateway.call(() => 42), 42, words);
    if (client === 'ssh2') assert.is(gateway.remoteAddress, `${address}:${port}`);
  }
});

for (const interpreter of sharedEnds) {
  const { kind, path } = interpreter;

  const found = async (client: Client): Promise<void> => {
    using folder = new Folder();
    const bin = join(folder.path, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, kind), `#!/bin/sh\nexec '${path}' "$@"\n`, { mode: 0o755 });
    await using host = await startSshd({ env: { PATH: `${bin}:/usr/bin:/bin` } });
    await using group = new Group();
    for (const field of [`${kind}=${path}`, `${kind}=env ${kind}`, kind]) {
      const gateway = await group.makeGateway(`${bareSpecOn(host, client)}//${field}`);
      assert.is(realpathSync(await gateway.call(() => process.execPath)), realpathSync(path));
      assert.is(gateway.peer.executable, await gateway.call(() => process.execPath));
      await gateway.terminate();
    }
    // without a field: node
    if (kind === 'node') {
      const gateway = await group.makeGateway(bareSpecOn(host, client));
      assert.is(realpathSync(await gateway.call(() => process.execPath)), realpathSync(path));
      await gateway.terminate();
    }
    assert.equal(await leftBehind(host), []);
  };

  const asTheSpecSays = async (client: Client): Promise<void> => {
    await using host = await startSshd();
    using folder = new Folder();
    await using group = new Group();
    const chdir = join(folder.path, `a folder with ' and "`, '-two\nlines $HOME');
    const gateway = await group.makeGateway({
      ssh: host.alias,
      ssh_config: host.config,
      ssh_client: client,
      [kind]: path,
      chdir,
      nice: 3,
      env: { ODD, EMPTY: '', SECRET: 'swordfish-in-the-environment' },
    });
    const told = await gateway.call(() => ({
      cwd: process.cwd(),
      nice: require('node:os').getPriority(0) as number,
      env: [process.env['ODD'], process.env['EMPTY'], process.env['SECRET']],
    }));
    assert.equal(told, { cwd: chdir, nice: 3, env: [ODD, '', 'swordfish-in-the-environment'] });
    // what anybody on either machine can see
    const commands = [
      ...host.processes().map(({ command }) => command),
      ...childrenOf(process.pid).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
    ];
    assert.ok(commands.some((command) => command.includes(basename(path))));
    for (const command of commands) assert.not.match(command, 'swordfish-in-the-environment');
  };
  onBothClients('variables, folder and niceness are as the spec says', asTheSpecSays, interpreter.test);
  onBothClients('it is named by its path, or found on PATH', found, interpreter.test);
}

for (const [server, start] of [
  ['sshd', startSshd],
  ['dropbear', startDropbear],
] as const)
  for (const client of CLIENTS) {
    testOn(
      client === 'openssh' ? [server, 'ssh'] : [server],
      `${server}, ${client}: 20 MB travel both ways, and come back as they were`,
      async () => {
        await using host = await start();
        await using group = new Group();
        const gateway = await group.makeGateway(specOn(host, client));
        await echoes(gateway, 20_000_000);
      },
    );

    testOn(
      client === 'openssh' ? [server, 'ssh'] : [server],
      `${server}, ${client}: what remote code prints arrives as stderr`,
      async () => {
        await using host = await start();
        await using group = new Group();
        const spec = specOn(host, client).replace('//stdio=ignore', '//stdio=pipe');
        const gateway = await group.makeGateway(spec);
        const channel = gateway.remoteExec(
          `console.log('to stdout'); console.error('to stderr');
           require('node:child_process').execSync('echo of a child', { stdio: 'inherit' });`,
        );
        const text = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr'] as const)
          gateway[name]?.setEncoding('utf8').on('data', (chunk: string) => {
            text[name] += chunk;
          });
        await channel.waitClose();
        // more than any buffer on the way holds
        await gateway.call(() => {
          for (let n = 0; n < 3000; n++) require('node:fs').writeSync(2, `${'x'.repeat(999)}\n`);
        });
        await gateway.terminate();
        assert.is(text.stdout, '');
        for (const part of ['to stdout', 'to stderr', 'of a child']) assert.match(text.stderr, part);
        assert.is(text.stderr.match(/x{999}\n/g)?.length, 3000);
      },
    );
  }

onBothClients('SetEnv and SendEnv set what the server accepts', async (client) => {
  await using host = await startSshd({ acceptEnv: ['GIVEN', 'SENT_*'] });
  await using group = new Group();
  process.env['SENT_HERE'] = 'from here';
  try {
    const words = `-o 'SetEnv=GIVEN="a b" REFUSED=1' -o SendEnv=SENT_* ${host.alias}`;
    const gateway = await group.makeGateway({
      ssh: words,
      ssh_config: host.config,
      ssh_client: client,
      ...Object.fromEntries([ownInterpreter().split('=') as [string, string]]),
    });
    const told = await gateway.call(() => [
      process.env['GIVEN'],
      process.env['SENT_HERE'],
      process.env['REFUSED'] ?? 'not set',
    ]);
    assert.equal(told, ['a b', 'from here', 'not set']);
  } finally {
    delete process.env['SENT_HERE'];
  }
});

/** Sends bytes and text of that size, and gets them back. */
async function echoes(gateway: Gateway, size: number): Promise<void> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 4096) bytes[at] = at / 4096;
  const channel = gateway.remoteExec('for await (const item of channel) await channel.send(item)');
  const sending = channel.send(bytes);
  const back = (await channel.receive()) as Uint8Array;
  await sending;
  assert.is(Buffer.compare(back, bytes), 0);
  const text = 'é'.repeat(size / 10);
  await channel.send(text);
  assert.ok((await channel.receive()) === text);
  channel.close();
}

test.run();
