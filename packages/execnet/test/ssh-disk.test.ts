import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Group } from 'execnet';
import * as assert from 'uvu/assert';
import { program } from '../../../tools/hosts/command.mjs';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import {
  CLIENTS,
  check,
  Folder,
  leftBehind,
  onBothClients,
  refusalOf,
  specOn,
} from './fixtures/ssh-clients.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** Every file and folder in a folder, with its size and time; without what Deno and fish keep for themselves, whatever they run. */
function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^\.(cache(\/deno(\/(npm|\w+_cache_v\d+(-\w+)?))?)?$|local)/.test(name))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}

onBothClients('nothing is left on the disk, nor behind the server', async (client) => {
  await using host = await startSshd();
  const before = listing(host.home);
  await using group = new Group();
  const gateway = await group.makeGateway(specOn(host, client));
  assert.is(await gateway.call((text) => text.length, 'x'.repeat(1_000_000)), 1_000_000);
  await gateway.terminate();
  await (await group.makeGateway(specOn(host, client, 'execmodel=worker'))).call(() => 42);
  await group.terminate();
  assert.equal(listing(host.home), before);
  assert.equal(await leftBehind(host), []);
});

/** What a server is started behind that sees a small file system at `$1`, without room, and one at `$2` that can't be written to. */
const MOUNTS = `mount -t tmpfs -o size=64k,nr_inodes=3 none "$1" && : >"$1/file" && { head -c 1000000 /dev/zero >"$1/fill"; } 2>/dev/null
  mount -t tmpfs -o ro none "$2" && shift 2 && exec "$@"`;

for (const client of CLIENTS)
  testOn(
    // its own mounts need what dropbear needs
    client === 'openssh' ? ['sshd', 'dropbear', 'ssh'] : ['sshd', 'dropbear'],
    `${client}: a home on a full disk, or that can't be written to, is no hindrance; chdir= says which it is`,
    async () => {
      using folder = new Folder();
      const [full, readOnly] = ['full', 'read-only'].map((name) => join(folder.path, name));
      for (const path of [full, readOnly]) mkdirSync(path as string);
      chmodSync(folder.path, 0o755);
      const within = [
        program('unshare'),
        '-m',
        program('sh'),
        '-c',
        MOUNTS,
        'sh',
        full,
        readOnly,
      ] as string[];
      for (const [home, code, said] of [
        [full, 'ERR_EXECNET_DISK_FULL', /No space left/],
        [readOnly, 'ERR_EXECNET_CHDIR', /Read-only file system/],
      ] as const) {
        await using host = await startSshd({ within, env: { HOME: home as string, TMPDIR: home as string } });
        await using group = new Group();
        const gateway = await group.makeGateway(specOn(host, client, `chdir=${home}`));
        assert.is(await gateway.call(() => process.env['HOME']), home);
        assert.is(await gateway.call(() => process.cwd()), home);
        await gateway.terminate();
        const below = `${home}/below`;
        check(await refusalOf(specOn(host, client, `chdir=${below}`)), code, said, new RegExp(below));
        assert.equal(await leftBehind(host), []);
      }
    },
  );

test.run();
