// What becomes of a tree of gateways when a host in the middle of it, or at its end, can't be reached any more.
import { type Gateway, Group, type SpecObject } from 'execnet';
import * as assert from 'uvu/assert';
import { type Network, startNetwork } from '../../../tools/hosts/network.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { NEVER_YIELDS } from './fixtures/busy.mjs';
import { assertEndIsBounded, Cut, withChildren } from './fixtures/cut.ts';
import { isRunning } from './fixtures/processes.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

const { kind, path } = runningInterpreter();

/** What starts the interpreter that runs this, on a machine that may not have it on its PATH. */
const own: SpecObject = { [kind]: path };

/** Middle, one beside it, one behind it, and one beside that. */
type Tree = readonly [Gateway, Gateway, Gateway, Gateway];

async function tree(group: Group, { config }: Network, leaf: SpecObject): Promise<Tree> {
  const fields = { ...own, stdio: 'ignore' } as const;
  const through = { ...fields, ...leaf };
  return [
    await group.makeGateway({ ...fields, ssh: 'a', ssh_config: config, id: 'middle', keepalive: 1 }),
    await group.makeGateway({ ...through, popen: true, via: 'middle', id: 'beside' }),
    await group.makeGateway({
      ...through,
      ssh: 'inner-direct',
      ssh_config: config,
      via: 'middle',
      id: 'far',
    }),
    await group.makeGateway({ ...through, popen: true, via: 'far', id: 'leafmost' }),
  ];
}

for (const [title, leaf, reason] of [
  ['have the lease of their transport', {}, /^(beside|far|leafmost) \(.*\): .*\bmiddle\b/],
  // whose lease is over first, that of the middle or of what is behind it, is a matter of milliseconds
  [
    'have the same lease',
    { keepalive: 1 },
    /^(beside|far|leafmost) \(.*\): .*(\bmiddle\b|nothing was heard)/,
  ],
] as const) {
  testOn(
    ['netns'],
    `a middle that is cut off is the reason for those behind it, which ${title}, and all is gone`,
    async () => {
      await using network = await startNetwork();
      const group = new Group();
      const gateways = await tree(group, network, leaf);
      const busy = [NEVER_YIELDS, 'channel.receiveSync()'];
      const started = await Promise.all(
        gateways.map((gateway, n) => withChildren(gateway, String(busy[n % 2]))),
      );
      const cut = await Cut.off(network.a);
      const [, ...behind] = await cut.assertRejects(started.map(({ channel }) => channel.receive()));
      for (const error of behind) assert.match(error.message, reason);
      await cut.assertGone(Object.fromEntries(started.map(({ pids }, n) => [gateways[n]?.id, pids])));
      await assertEndIsBounded([gateways[0]], 'a');
      await assertEndIsBounded([gateways[1]], 'middle');
      for (const { id } of gateways) assert.not(group.has(id));
    },
  );
}

testOn(['netns'], 'when the far host is cut off, the middle goes on', async () => {
  await using network = await startNetwork();
  const group = new Group();
  const [middle, beside, far, leafmost] = await tree(group, network, { keepalive: 1 });
  const [spinning, waiting] = await Promise.all([
    withChildren(far, NEVER_YIELDS),
    withChildren(leafmost, 'channel.receiveSync()'),
  ]);
  const cut = await Cut.off(network.inner);
  await cut.assertRejects([spinning, waiting].map(({ channel }) => channel.receive()));
  await cut.assertGone({ far: spinning.pids, leafmost: waiting.pids });
  assert.is(await beside.call(() => process.ppid), middle.peer.pid);
  await assertEndIsBounded([far], 'inner-direct');
  await group.terminate();
  assert.equal([middle, beside].map(({ peer }) => peer.pid).filter(isRunning), []);
});

test.run();
