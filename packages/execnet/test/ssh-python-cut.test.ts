// What becomes of remote ends in Python when nothing arrives any more, and nobody is told; also of one whose interpreter runs nothing of ours, because
// code in C holds its lock. Every process is on this machine, so that it can be watched although its host is cut off.
import { type Channel, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startNetwork } from '../../../tools/hosts/network.mjs';
import { assertEndIsBounded, Cut } from './fixtures/cut.ts';
import { isRunning } from './fixtures/processes.ts';
import { oneOfEach } from './fixtures/pythons.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test, triesAll } from './fixtures/tests.ts';

/** Starts a process that starts another, and tells their numbers. */
const CHILDREN = `
import subprocess, sys
child = subprocess.Popen(['sh', '-c', 'sleep 1000 & echo $!; wait'], stdout=subprocess.PIPE)
channel.send([child.pid, int(child.stdout.readline())])
`;

/** What each of them does when its host is cut off. None of it can be interrupted but the first, which alone is tried where not all is. */
const DOING: Readonly<Record<string, string>> = {
  waiting: 'channel.receive()',
  spinning: 'while True: pass',
  // a loop in C: no thread of CPython or PyPy runs beside it
  locked: 'sum(iter(int, 1))',
};

async function begin(
  gateway: Gateway,
  doing: string,
): Promise<{ channel: Channel; pids: readonly number[] }> {
  const channel = gateway.remoteExec(CHILDREN + doing);
  const children = (await channel.receive()) as number[];
  return { channel, pids: [gateway.peer.pid, ...children] };
}

for (const python of oneOfEach) {
  const { runtime, path } = python;
  // a machine of Java that starts answers no ping for seconds
  const keepalive = runtime === 'jython' ? 3 : 1;
  const cutOff = async (): Promise<void> => {
    await using network = await startNetwork();
    const group = new Group();
    const make = (what: string): Promise<Gateway> =>
      group.makeGateway({
        ssh: 'a',
        ssh_config: network.config,
        keepalive,
        stdio: 'ignore',
        id: what,
        python: path,
      });
    // a Java that starts keeps others from answering a ping for seconds: so one of it is enough, and nothing beside it
    const java = runtime === 'jython';
    const doing = Object.entries(DOING).filter(([what]) => (!java && triesAll) || what === 'waiting');
    const gateways = await Promise.all(doing.map(([what]) => make(what)));
    const begun = await Promise.all(doing.map(([, code], n) => begin(gateways[n] as Gateway, code)));
    const unused = java ? [] : [await make('unused')];
    const processes: Record<string, readonly number[]> = { unused: unused.map(({ peer }) => peer.pid) };
    for (const [n, [what]] of doing.entries()) processes[what] = begun[n]?.pids ?? [];
    const pids = Object.values(processes).flat();
    assert.equal(pids.filter(isRunning), pids);
    const cut = await Cut.off(network.a, keepalive);
    const errors = await cut.assertRejects([
      ...unused.map((gateway) => gateway.join().then(() => gateway.remoteStatus())),
      ...begun.flatMap(({ channel }) => [channel.receive(), channel.waitClose()]),
    ]);
    for (const { cause } of errors) assert.is((cause as { code?: string }).code, 'ERR_EXECNET_LEASE');
    assert.is(group.size, 0);
    await cut.assertGone(processes);
    await assertEndIsBounded([...unused, ...gateways], 'a');
  };
  testOn(['netns'], 'when a host is cut off, remote ends are gone, whatever they do', cutOff, python.test);
}

test.run();
