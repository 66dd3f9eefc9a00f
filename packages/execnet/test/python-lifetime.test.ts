import { existsSync } from 'node:fs';
import { ConnectionLostError, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { BareRemoteEnd } from './fixtures/bare-remote-end.ts';
import { failureOf } from './fixtures/failure.ts';
import { assertCleansUpAtTerminate } from './fixtures/held.ts';
import { isA } from './fixtures/is-a.ts';
import { Marker } from './fixtures/marker.ts';
import { CODE, frame, pythonItem as item, LOSSES } from './fixtures/mutations.mjs';
import { isRunning, stillRunning, stop } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { PYTHON_CHILDREN } from './fixtures/python-children.mjs';
import { modelsOf, pythonSpec, sharedPythons, withoutPython } from './fixtures/pythons.ts';
import { overlapping, test } from './fixtures/tests.ts';

/** The promise is 2 s; a dozen interpreters on two cores need a margin. */
const LIMIT = 5000;

/** The pids of the remote end, and of the child and grandchild that its code has, which then does `what`. */
async function begin(gateway: Gateway, what: string): Promise<number[]> {
  const children = await gateway.remoteExec<number[]>(`${PYTHON_CHILDREN}${what}`).receive();
  const pids = [gateway.peer.pid, ...children];
  assert.is(pids.length, 3);
  assert.equal(pids.filter(isRunning), pids);
  return pids;
}

/** Most of each is waiting: for what ends by itself, and for processes to go. */
const overlapped = overlapping(3);

for (const python of sharedPythons) {
  const add = overlapped(python.test);

  for (const [what, code] of [
    ['computes', 'while True: pass'],
    ['waits', 'channel.receive()'],
    ['has ended', ''],
  ] as const)
    python.test(`terminate leaves no child nor grandchild of code that ${what}`, async () => {
      await using group = new Group();
      const pids = await begin(await group.makeGateway(pythonSpec(python, 'stdio=ignore')), code);
      await group.terminate({ timeout: 200 });
      assert.equal(pids.filter(isRunning), [], 'nothing is left when terminate resolves');
    });

  for (const [how, code] of [
    ['exits', 'channel.receive()\nimport os\nos._exit(3)'],
    ['is killed', 'channel.receive()'],
  ] as const)
    python.test(`the children of a remote end that ${how} go with it`, async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(pythonSpec(python, 'stdio=ignore'));
      const channel = gateway.remoteExec<number[], null>(`${PYTHON_CHILDREN}${code}`);
      const pids = [gateway.peer.pid, ...(await channel.receive())];
      if (how === 'exits') await channel.send(null);
      else process.kill(gateway.peer.pid, 'SIGKILL');
      const lost = await failureOf(channel.receive());
      isA(lost, ConnectionLostError);
      assert.match(lost.message, how === 'exits' ? 'code 3' : 'SIGKILL');
      assert.equal(await stillRunning(pids, LIMIT), []);
      assert.is(group.size, 0);
    });

  for (const execmodel of modelsOf(python))
    python.test(`${execmodel}: finally runs when it is terminated while a large item arrives`, async () => {
      await using group = new Group();
      await assertCleansUpAtTerminate(
        await group.makeGateway(pythonSpec(python, 'stdio=ignore', `execmodel=${execmodel}`)),
      );
    });

  for (const [execmodel, { what, last, ends, lease }] of modelsOf(python).flatMap((model) =>
    LOSSES.map((loss) => [model, loss] as const),
  ))
    add(`${execmodel}: finally runs when ${what}`, async () => {
      using marker = new Marker();
      await using remote = await BareRemoteEnd.bootPython(python, { execmodel, lease });
      const text =
        "import time\nchannel.send(1)\ntry:\n    while True: channel.receive()\nfinally:\n    time.sleep(0.02)\n    open(args, 'w').close()";
      const request = { kind: 'source', text, file: null, function: null, args: marker.file };
      remote.input.write(frame(CODE.CHANNEL_EXEC, 1, item(request)));
      await remote.hears(() => remote.payload(CODE.CHANNEL_DATA, 1) !== undefined);
      remote.input.write(last);
      if (ends) remote.input.end();
      await remote.exited;
      assert.ok(existsSync(marker.file));
    });

  python.test('terminate takes down what is stopped', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(pythonSpec(python, 'stdio=ignore'));
    const pids = await begin(gateway, '');
    stop(gateway.peer.pid);
    await gateway.terminate({ timeout: 50 });
    assert.equal(pids.filter(isRunning), []);
  });

  python.test('a program ends by itself with a gateway that it leaves open, and leaves nothing', async () => {
    await using program = startProgram('python-called.mjs', [pythonSpec(python)]);
    const pids = await program.said<number[]>();
    const { code, stderr } = await program.ended;
    assert.equal([code, stderr], [0, '']);
    assert.equal(await stillRunning(pids, LIMIT), []);
  });
}

if (sharedPythons.length === 0) withoutPython();
else test.run();
