import { createRequire } from 'node:module';
import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { MODELS, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { startProgram } from './fixtures/programs.ts';
import { modelsOf, pythonSpec, sharedPythons, usualPython } from './fixtures/pythons.ts';
import { leftBehind, onBothClients, specOn } from './fixtures/ssh-clients.ts';
import { test } from './fixtures/tests.ts';

/** What Vitest leaves real by default; others do not. */
const USUAL = 'nextTick,queueMicrotask';

const USED = { call: 42, sizes: [1, 3_000_000], silence: 'ERR_EXECNET_TIMEOUT', numExecuting: 0 };

/** What the program with fake timers tells. */
async function told(when: string, real: string, ...specs: string[]): Promise<Record<string, unknown>> {
  await using program = startProgram('fake-clock.mjs', [
    when,
    real,
    ...(specs.length > 0 ? specs : ['popen']),
  ]);
  return await program.said();
}

for (const when of ['before the gateway', 'before the first call'])
  test(`fake timers that are installed ${when} hold up nothing here`, async () => {
    assert.equal(await told(when, USUAL), USED);
  });

if (usualPython) {
  const spec = pythonSpec(usualPython);
  test('nor with a remote end in Python', async () => {
    assert.equal(await told('before the gateway', USUAL, spec), USED);
  });
}

test('nor with a lease, or through another gateway', async () => {
  assert.equal(await told('before the gateway', USUAL, 'popen//keepalive=1'), USED);
  assert.equal(await told('before the gateway', USUAL, 'popen//id=middle', 'popen//via=middle'), USED);
});

onBothClients('nor over ssh', async (client) => {
  await using host = await startSshd();
  for (const when of ['before the gateway', 'before the first call'])
    assert.equal(await told(when, USUAL, specOn(host, client)), USED);
  assert.equal(await leftBehind(host), []);
});

test('fake timers that are installed before the import are an error of makeGateway', async () => {
  for (const real of [USUAL, '']) {
    const { code, message } = await told('before the import', real);
    assert.is(code, 'ERR_EXECNET_FAKE_CLOCK');
    assert.match(String(message), 'import execnet before');
  }
});

test('a fake process.nextTick is an error of makeGateway', async () => {
  const { code, message } = await told('before the gateway', '');
  assert.is(code, 'ERR_EXECNET_FAKE_CLOCK');
  assert.match(String(message), "toNotFake: ['nextTick'");
});

// the streams of Bun wait for it all the time
if (!process.versions['bun'])
  test('a fake process.nextTick leaves the gateways that there are', async () => {
    assert.equal(await told('before the first call', ''), USED);
  });

/** Text that has the clock of the remote end stand still. */
const STANDS_STILL: Readonly<Record<string, string>> = {
  'replaced by hand': `
    const never = () => 0;
    for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'])
      Object.defineProperty(globalThis, name, { value: never });
    Object.defineProperty(globalThis, 'performance', { value: { now: never } });
    Date.now = never;`,
  // all that it knows: node:timers, nextTick, queueMicrotask, hrtime, Date, Intl
  'of @sinonjs/fake-timers': `
    require(${JSON.stringify(createRequire(import.meta.url).resolve('@sinonjs/fake-timers'))}).install();`,
};

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of MODELS)
    for (const [clock, text] of Object.entries(STANDS_STILL))
      interpreter.test(`${execmodel}: a remote end goes on with a clock ${clock}`, async () => {
        await using group = new Group();
        const gateway = await group.makeGateway(specOf(interpreter, `execmodel=${execmodel}`));
        const channel = gateway.remoteExec<unknown, unknown>(`${text}
          await channel.send('stands still');
          const early = await channel.receive({ timeout: 20 }).catch(({ code }) => code);
          await channel.send(early);
          for await (const item of channel) await channel.send(item);`);
        assert.is(await channel.receive(), 'stands still');
        assert.is(await channel.receive(), 'ERR_EXECNET_TIMEOUT');
        for (const size of [1, 300_000, 3_000_000]) {
          await channel.send(new Uint8Array(size));
          assert.is(((await channel.receive()) as Uint8Array).length, size);
        }
        if (execmodel !== 'main_thread_only') assert.is(await gateway.call(() => 42), 42);
        channel.close();
        await channel.waitClose();
        const spins = gateway.remoteExec((channel: Channel<never, string>) => {
          channel.sendSync('spins');
          for (;;);
        });
        assert.is(await spins.receive(), 'spins');
        await gateway.terminate({ timeout: 100 });
      });
}

for (const [python, execmodel] of sharedPythons.flatMap((python) =>
  modelsOf(python).map((model) => [python, model] as const),
))
  python.test(`${execmodel}: a remote end in Python whose clock stands still goes on`, async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(pythonSpec(python, `execmodel=${execmodel}`));
    const channel = gateway.remoteExec<unknown, unknown>(`
import threading, time
never = lambda *args: 0
for module in time, threading:
    for name in ('time', 'monotonic', 'perf_counter', 'clock', 'sleep', '_time', '_sleep'):
        if hasattr(module, name): setattr(module, name, never)
channel.send('stands still')
try:
    channel.receive(timeout=0.02)
except channel.TimeoutError:
    channel.send('TimeoutError')
for item in channel: channel.send(item)
`);
    assert.is(await channel.receive(), 'stands still');
    assert.is(await channel.receive(), 'TimeoutError');
    for (const size of [1, 300_000, 3_000_000]) {
      await channel.send(new Uint8Array(size));
      assert.is(((await channel.receive()) as Uint8Array).length, size);
    }
    if (execmodel !== 'main_thread_only') assert.is(await gateway.call('abs', [-42]), 42);
    await channel.end();
    await channel.waitClose();
    const spins = gateway.remoteExec<string>("channel.send('spins')\nwhile True: pass");
    assert.is(await spins.receive(), 'spins');
    await gateway.terminate({ timeout: 100 });
  });

test.run();
