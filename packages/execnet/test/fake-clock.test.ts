import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { startProgram } from './fixtures/programs.ts';
import { pythonSpec, usualPython } from './fixtures/pythons.ts';
import { test } from './fixtures/tests.ts';

/** What Vitest leaves real by default; others do not. */
const USUAL = 'nextTick,queueMicrotask';

const USED = { call: 42, sizes: [1, 3_000_000], silence: 'ERR_EXECNET_TIMEOUT', numExecuting: 0 };

/** What the program with fake timers tells. */
async function told(when: string, real: string, spec = 'popen'): Promise<Record<string, unknown>> {
  await using program = startProgram('fake-clock.mjs', [when, real, spec]);
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

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of ['thread', 'worker', 'structured'])
    interpreter.test(`${execmodel}: a remote end whose clock stands still goes on`, async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, `execmodel=${execmodel}`));
      const channel = gateway.remoteExec(async (channel: Channel<unknown, unknown>) => {
        const never = (): number => 0;
        for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'])
          Object.defineProperty(globalThis, name, { value: never });
        Object.defineProperty(globalThis, 'performance', { value: { now: never } });
        Date.now = never;
        await channel.send('stands still');
        const early = await channel.receive({ timeout: 20 }).catch(({ code }) => code);
        await channel.send(early);
        for await (const item of channel) await channel.send(item);
      });
      assert.is(await channel.receive(), 'stands still');
      assert.is(await channel.receive(), 'ERR_EXECNET_TIMEOUT');
      for (const size of [1, 300_000, 3_000_000]) {
        await channel.send(new Uint8Array(size));
        assert.is(((await channel.receive()) as Uint8Array).length, size);
      }
      assert.is(await gateway.call(() => 42), 42);
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

test.run();
