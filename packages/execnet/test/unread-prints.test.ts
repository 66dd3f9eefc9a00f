import { type Channel, type ConnectionLostError, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { middlePythons, modelsOf, pythonSpec, sharedPythons, usualPython } from './fixtures/pythons.ts';
import { leftBehind, onBothClients, pythonOn, specOn } from './fixtures/ssh-clients.ts';
import { test, type WithTests } from './fixtures/tests.ts';
import { specThrough } from './fixtures/through.mjs';

const COUNT = 40;
const SIZE = 1_000_000;

type Stream = 'stdout' | 'stderr';

/** Prints so many times a million bytes, and counts. */
const IN_JAVASCRIPT = async (channel: Channel<never, number>, to: Stream): Promise<void> => {
  for (let n = 0; n < 40; n++) {
    process[to].write(`${'x'.repeat(999_999)}\n`);
    await channel.send(n);
  }
};
const IN_PYTHON = `
import sys
for n in range(40):
    getattr(sys, args).write('x' * 999999 + '\\n')
    getattr(sys, args).flush()
    channel.send(n)
`;

interface Printing {
  /** How often it has printed. */
  readonly count: number;
  readonly over: Promise<void>;
}

function printing(channel: Channel<number>): Printing {
  const state = { count: 0, over: channel.waitClose() };
  channel.setCallback(() => {
    state.count++;
  });
  return state;
}

/** A gateway of a group, through another one if there are two. */
async function make(group: Group, specs: string): Promise<Gateway> {
  return await group.makeGateway(await specThrough(group, specs));
}

/** Begins an execution that prints. */
type Exec = (gateway: Gateway, to: Stream) => Channel<number>;

const inJavaScript: Exec = (gateway, to) => gateway.remoteExec(IN_JAVASCRIPT, to);
const inPython: Exec = (gateway, to) => gateway.remoteExec(IN_PYTHON, to);

/** While nobody reads, it stands still and answers; then all of it comes. */
async function waits(specs: string, exec: Exec, to: Stream = 'stdout'): Promise<void> {
  await using group = new Group();
  const gateway = await make(group, specs);
  const printed = printing(exec(gateway, to));
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(printed.count < 2, `${printed.count} times a million bytes were printed`);
  assert.is((await gateway.remoteStatus()).numExecuting, 1);
  let bytes = 0;
  gateway[to]?.on('data', ({ length }: Uint8Array) => {
    bytes += length;
  });
  await printed.over;
  assert.is(printed.count, COUNT);
  await gateway.terminate();
  assert.is(bytes, COUNT * SIZE);
}

/** Nobody reads at all, and it ends. */
async function ends(specs: string, exec: Exec, to: Stream = 'stdout'): Promise<void> {
  await using group = new Group();
  const gateway = await make(group, specs);
  printing(exec(gateway, to)).over.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  await gateway.terminate({ timeout: 200 });
  assert.is(gateway.hasReceiver, false);
}

/** Nobody reads at all, and it is killed: that is noticed. */
async function dies(specs: string, exec: Exec): Promise<void> {
  await using group = new Group();
  const gateway = await make(group, specs);
  const { over } = printing(exec(gateway, 'stdout'));
  over.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.kill(Number(/^popen:(\d+)/.exec(gateway.remoteAddress)?.[1]), 'SIGKILL');
  const error = await over.then(
    () => undefined,
    (error: unknown) => error as ConnectionLostError,
  );
  assert.is(error?.signal, 'SIGKILL');
}

for (const interpreter of ownRemoteEnds)
  for (const execmodel of ['thread', 'worker']) {
    const spec = specOf(interpreter, 'stdio=pipe', `execmodel=${execmodel}`);
    interpreter.test(`${execmodel}: who prints waits while nobody reads it`, () => waits(spec, inJavaScript));
    interpreter.test(`${execmodel}: who prints what nobody reads is ended`, () => ends(spec, inJavaScript));
    interpreter.test(`${execmodel}: so are they with stderr`, async () => {
      await waits(spec, inJavaScript, 'stderr');
      await ends(spec, inJavaScript, 'stderr');
    });
    interpreter.test(`${execmodel}: the end of who prints what nobody reads is noticed`, () =>
      dies(spec, inJavaScript),
    );
  }

/** The reader has had enough. */
async function destroyed(spec: string): Promise<void> {
  await using group = new Group();
  const gateway = await make(group, spec);
  const printed = printing(gateway.remoteExec(IN_JAVASCRIPT, 'stdout'));
  await new Promise((resolve) => gateway.stdout?.once('data', resolve));
  gateway.stdout?.destroy();
  await printed.over;
  assert.is(printed.count, COUNT);
  await gateway.remoteExec(IN_JAVASCRIPT, 'stdout').waitClose();
}

for (const interpreter of ownRemoteEnds)
  interpreter.test('a reader that destroys the stream holds up nobody', () =>
    destroyed(specOf(interpreter, 'stdio=pipe')),
  );

for (const interpreter of ownRemoteEnds)
  for (const execmodel of ['main_thread_only', 'structured'])
    interpreter.test(`${execmodel}: who prints waits while nobody reads it, and is ended`, async () => {
      const spec = specOf(interpreter, 'stdio=pipe', `execmodel=${execmodel}`);
      await waits(spec, inJavaScript);
      await ends(spec, inJavaScript);
    });

/** One of the running kind, through another. */
function testThrough(middle: WithTests<object>, spec: string): void {
  const specs = `${specOf(runningInterpreter(), 'stdio=pipe')} through ${spec}`;
  middle.test('through it: who prints waits while nobody reads it', () => waits(specs, inJavaScript));
  middle.test('through it: who prints what nobody reads is ended', () => ends(specs, inJavaScript));
  middle.test('through it: so are they with stderr', async () => {
    await waits(specs, inJavaScript, 'stderr');
    await ends(specs, inJavaScript, 'stderr');
  });
  middle.test('through it: the end of who prints what nobody reads is noticed', () =>
    dies(specs, inJavaScript),
  );
}

for (const interpreter of ownRemoteEnds) testThrough(interpreter, specOf(interpreter));

for (const python of middlePythons) testThrough(python, pythonSpec(python));

for (const python of sharedPythons)
  for (const execmodel of modelsOf(python).slice(1))
    python.test(`${execmodel}: who prints waits while nobody reads it, and is ended`, async () => {
      const spec = pythonSpec(python, 'stdio=pipe', `execmodel=${execmodel}`);
      await waits(spec, inPython);
      await ends(spec, inPython);
    });

for (const python of sharedPythons) {
  const spec = pythonSpec(python, 'stdio=pipe');
  python.test('who prints waits while nobody reads it', () => waits(spec, inPython));
  python.test('who prints what nobody reads is ended', () => ends(spec, inPython));
  python.test('so are they with stderr', async () => {
    await waits(spec, inPython, 'stderr');
    await ends(spec, inPython, 'stderr');
  });
}

/** Nobody reads what comes over ssh, which carries it with the protocol. */
async function drops(spec: string, exec: Exec, last: string): Promise<void> {
  await using group = new Group();
  const gateway = await group.makeGateway(spec.replace('//stdio=ignore', '//stdio=pipe'));
  const printed = printing(exec(gateway, 'stdout'));
  await gateway.remoteStatus({ timeout: 60_000 });
  await printed.over;
  assert.is(printed.count, COUNT);
  let text = '';
  gateway.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  await gateway.remoteExec(last).waitClose();
  await gateway.terminate();
  const dropped = [...text.matchAll(/\nexecnet: (\d+) bytes were dropped here/g)].map(([, count]) =>
    Number(count),
  );
  assert.ok(dropped.length > 0);
  const kept = text.split('').filter((letter) => letter === 'x').length;
  assert.ok(kept < 8_000_000, `${kept} were kept`);
  assert.match(text, /the last\n$/);
}

onBothClients('of what nobody reads some is kept, and how much was dropped is told', async (client) => {
  await using host = await startSshd();
  await drops(specOn(host, client), inJavaScript, 'console.log("the last")');
  if (usualPython) await drops(pythonOn(host, client), inPython, "print('the last')");
});

onBothClients('behind it: who prints waits while nobody reads it, and is ended', async (client) => {
  await using host = await startSshd();
  for (const middle of [specOn(host, client), pythonOn(host, client)]) {
    const specs = `${specOf(runningInterpreter(), 'stdio=pipe')} through ${middle}`;
    await waits(specs, inJavaScript);
    await ends(specs, inJavaScript);
  }
  assert.equal(await leftBehind(host), []);
});

test.run();
