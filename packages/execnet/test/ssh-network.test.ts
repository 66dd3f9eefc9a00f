// Hosts with addresses of their own, one of them reachable only through another.
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { type Channel, type Gateway, Group, popen, Registry, type SpecObject, ssh, thread } from 'execnet';
import * as assert from 'uvu/assert';
import { type NetworkHost, startNetwork } from '../../../tools/hosts/network.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { isRunning } from './fixtures/processes.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { local, test, tier } from './fixtures/tests.ts';

const { kind, path } = runningInterpreter();

/** What starts the interpreter that runs this, on a machine that may not have it on its PATH. */
const own: SpecObject = { [kind]: path };

/** The processes behind a server that are not its own. */
function programsOn(host: NetworkHost): string[] {
  return (
    host
      .processes()
      .map(({ command }) => command)
      // what is about to end says nothing any more
      .filter((command) => command !== '' && !/^sshd\b|\bsshd\b.*-D\b/.test(command))
  );
}

/** A process runs on that host, and not here. */
function assertIsOn(host: NetworkHost, pid: number): void {
  const networkOf = (one: number | string): string => readlinkSync(`/proc/${one}/ns/net`);
  assert.is(networkOf(pid), networkOf(host.pid));
  assert.is.not(networkOf(pid), networkOf('self'));
  assert.ok(host.processes().some((one) => one.pid === pid));
}

const echo = async (channel: Channel<unknown, unknown>): Promise<void> => {
  for await (const item of channel) await channel.send(item);
};

async function assertEchoes(gateway: Gateway): Promise<void> {
  const channel = gateway.remoteExec(echo);
  const large = Buffer.alloc(3_000_000, 'abcdefg');
  for (const item of ['a', 7, new Uint8Array(large)]) {
    void channel.send(item);
    assert.equal(await channel.receive(), item);
  }
  await channel.end();
  await channel.waitClose();
}

testOn(['netns'], 'a host behind another is reached by ProxyJump, and nothing runs in between', async () => {
  await using network = await startNetwork();
  await using group = new Group();
  const gateway = await group.makeGateway({ ssh: 'inner', ssh_config: network.config, ...own });
  assertIsOn(network.inner, gateway.peer.pid);
  assert.match(gateway.remoteAddress, network.inner.address);
  await assertEchoes(gateway);
  assert.equal(programsOn(network.a), []);
  await gateway.terminate();
  assert.not(isRunning(gateway.peer.pid));
});

testOn(['netns'], 'a host that can be reached only through another is out of reach without it', async () => {
  await using network = await startNetwork();
  await using group = new Group();
  const ssh = '-o ConnectTimeout=1 inner-direct';
  const error = await failureOf(group.makeGateway({ ssh, ssh_config: network.config }));
  assert.is(error.code, 'ERR_EXECNET_CONNECT_TIMEOUT');
  assert.match(error.message, `${network.inner.address}:22 did not answer within 1000 ms`);
});

/** The files below a folder that hold a private key. */
function privateKeysIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, 'utf8').includes('PRIVATE KEY'));
}

testOn(['netns'], 'ssh through a gateway authenticates from here, with nothing on the middle', async () => {
  await using network = await startNetwork();
  const { a, inner, config } = network;
  const asked: string[] = [];
  // only this program knows what opens the key
  const passphrase = (file: string): string => {
    asked.push(file);
    return inner.passphrase;
  };
  await using group = new Group({ registry: new Registry([ssh({ passphrase }), popen(), thread()]) });
  const middle = await group.makeGateway({ ssh: 'a', ssh_config: config, id: 'gwA', ...own });
  rmSync(inner.key);
  const gateway = await group.makeGateway({
    ssh: `-i ${inner.keyWithPassphrase} inner-direct`,
    ssh_config: config,
    via: 'gwA',
    ...own,
  });
  assert.equal(asked, [inner.keyWithPassphrase]);
  assertIsOn(inner, gateway.peer.pid);
  assert.is(gateway.remoteAddress, `${inner.address}:22 via gwA`);
  const { agent, home } = await middle.call(() => ({
    agent: process.env['SSH_AUTH_SOCK'],
    home: process.env['HOME'] as string,
  }));
  assert.is(agent, undefined);
  assert.equal(privateKeysIn(home), []);
  // no client runs there: the middle passes bytes on that it can't read
  assert.not.match(programsOn(a).join('\n'), /\bssh\b|user_with_passphrase|open sesame/);
  await assertEchoes(gateway);
  await group.terminate();
  assert.equal([...programsOn(a), ...programsOn(inner)], []);
});

const spin = (channel: Channel<never, string>): void => {
  channel.sendSync('spinning');
  for (;;);
};

const block = (channel: Channel<never, string>): void => {
  channel.sendSync('blocking');
  channel.receiveSync();
};

// what stands in the middle is tried on each interpreter beside the program (via), where it takes less
for (const interpreter of sharedEnds) {
  if (tier !== 'all' && interpreter.name !== local) continue;
  const { kind: field, path: program } = interpreter;
  testOn(
    ['netns'],
    'three deep with it in the middle, while user code spins and blocks there under main_thread_only',
    async () => {
      await using network = await startNetwork();
      const { a, inner, config } = network;
      await using group = new Group();
      const busy = { execmodel: 'main_thread_only', [field]: program };
      const middle = await group.makeGateway({ ssh: 'a', ssh_config: config, id: 'middle', ...busy });
      assert.is(await middle.remoteExec(spin).receive(), 'spinning');
      const beside = await group.makeGateway({ popen: true, via: 'middle', id: 'beside', ...own });
      const second = await group.makeGateway({
        ssh: 'inner-direct',
        ssh_config: config,
        via: 'middle',
        id: 'second',
        ...busy,
      });
      assert.is(await second.remoteExec(block).receive(), 'blocking');
      const third = await group.makeGateway({ popen: true, via: 'second', ...own });
      assertIsOn(a, middle.peer.pid);
      assertIsOn(a, beside.peer.pid);
      assertIsOn(inner, second.peer.pid);
      assertIsOn(inner, third.peer.pid);
      assert.is(await beside.call(() => process.ppid), middle.peer.pid);
      assert.is(await third.call(() => process.ppid), second.peer.pid);
      assert.is(third.remoteAddress, `popen:${third.peer.pid} via second`);
      await assertEchoes(beside);
      await assertEchoes(third);
      const waiting = third.remoteExec(`${CHILDREN} channel.receiveSync()`);
      const children = (await waiting.receive()) as number[];
      const ends: string[] = [];
      for (const one of [middle, beside, second, third]) one.whenEnded(() => ends.push(one.id));
      await middle.terminate({ timeout: 500 });
      assert.equal(ends.filter((id) => id !== 'beside').slice(-2), ['second', 'middle']);
      assert.is(ends.length, 4);
      assert.equal(
        [...children, ...[middle, beside, second, third].map(({ peer }) => peer.pid)].filter(isRunning),
        [],
      );
      assert.equal([...programsOn(a), ...programsOn(inner)], []);
    },
    interpreter.test,
  );
}

testOn(['netns'], 'gateways over one line and through one middle share the ssh connections', async () => {
  await using network = await startNetwork();
  const { a, b, inner, config } = network;
  await using group = new Group();
  await group.makeGateway({ ssh: 'a', ssh_config: config, id: 'gwA', ...own });
  const direct = { ssh: 'inner-direct', ssh_config: config, via: 'gwA', ...own };
  const gateways = await group.makeGateways([direct, direct, { ...direct, via: 'gwA' }]);
  assert.is(inner.connections().length, 1);
  assert.is(a.connections().length, 1);
  // another way to the same host is another connection
  await group.makeGateway({ ssh: 'b', ssh_config: config, id: 'gwB', ...own });
  await group.makeGateway({ ssh: 'inner', ssh_config: config, ...own });
  assert.is(inner.connections().length, 2);
  assert.is(a.connections().length, 1);
  assert.is(b.connections().length, 1);
  for (const gateway of gateways) await gateway.terminate();
  // the server needs a moment to see that the last one let go
  while (inner.connections().length > 1) await after(5);
  await group.terminate();
  while ([a, b, inner].some((host) => host.connections().length > 0)) await after(5);
});

test.run();
