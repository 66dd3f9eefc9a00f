// Servers ask for new keys after an amount of data, or a time: as often as these tests have them ask, nothing may show it.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { type Channel, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import type { Host } from '../../../tools/hosts/host.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import {
  type Client,
  check,
  Folder,
  leftBehind,
  onBothClients,
  refusalOf,
  specOn,
} from './fixtures/ssh-clients.ts';
import { test } from './fixtures/tests.ts';

/** Sends bytes that can't be compressed there and back. */
async function exchange(gateway: Gateway, size: number): Promise<void> {
  const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, Uint8Array>) => {
    await channel.send(await channel.receive());
  });
  const sent = randomBytes(size);
  void channel.send(sent);
  assert.is(Buffer.compare(await channel.receive(), sent), 0);
  await channel.waitClose();
}

/** How often the server has taken new keys into use. */
const rekeyings = (host: Host): number => host.log().split('rekey').length - 1;

const canCompress = (client: Client): boolean =>
  client === 'openssh' || process.versions['deno'] === undefined;

for (const compression of ['no', 'yes'])
  onBothClients(
    `new keys after each megabyte disturb nothing, Compression=${compression}`,
    async (client) => {
      await using host = await startSshd({
        extra: ['RekeyLimit 1M', `Compression ${compression}`, 'LogLevel DEBUG1'],
      });
      await using group = new Group();
      const spec = specOn({ ...host, alias: `-o Compression=${compression} ${host.alias}` }, client);
      if (compression === 'yes' && !canCompress(client)) {
        check(await refusalOf(spec), 'ERR_EXECNET_SSH_OPTION', /Compression yes.*on Deno/);
        return;
      }
      const [one, two] = (await group.makeGateways([spec, spec])) as [Gateway, Gateway];
      // two at once share the connection of ssh2
      await Promise.all([exchange(one, 8_000_000), exchange(two, 4_000_000)]);
      assert.ok(rekeyings(host) > 10, `${rekeyings(host)} times`);
      assert.is(await one.call(() => 42), 42);
      await group.terminate();
      assert.equal(await leftBehind(host), []);
    },
  );

onBothClients('new keys for a connection that does next to nothing disturb nothing', async (client) => {
  await using host = await startSshd({
    extra: ['RekeyLimit default 1', 'Compression yes', 'LogLevel DEBUG1'],
  });
  await using group = new Group();
  const compression = canCompress(client) ? 'yes' : 'no';
  const spec = specOn(
    { ...host, alias: `-o Compression=${compression} ${host.alias}` },
    client,
    'keepalive=1',
  );
  const gateway = await group.makeGateway(spec);
  await after(2500);
  assert.ok(rekeyings(host) > 2, `${rekeyings(host)} times`);
  assert.is(await gateway.call(() => 42), 42);
});

onBothClients('a key that is new is added once, however often the server shows it', async (client) => {
  await using host = await startSshd({ extra: ['RekeyLimit 1M'] });
  using folder = new Folder();
  const file = join(folder.path, 'known_hosts');
  await using group = new Group();
  const options = `-o UserKnownHostsFile=${file} -o StrictHostKeyChecking=accept-new`;
  const gateway = await group.makeGateway(specOn({ ...host, alias: `${options} ${host.alias}` }, client));
  await exchange(gateway, 4_000_000);
  assert.is(readFileSync(file, 'utf8').trim().split('\n').length, 1);
});

test.run();
