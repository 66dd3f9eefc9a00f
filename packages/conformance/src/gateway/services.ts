import type { Channel } from '@execnet/core';
import type { Service } from '@execnet/core/plugin';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** `startService`: what packages run at remote ends beside executions. */
export function serviceSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'services', fixture);
  serviceTests(tests, { spin: 'for (;;);' });
  tests.test(
    'a service has globals and a thread of its own, and the modules of the interpreter',
    async (gateway) => {
      const service = serviceOf(
        `globalThis.ofService = 'seen';
      exports.serve = async (channel) => {
        channel.sendSync([typeof require('node:fs').readFileSync, channel.receiveSync()]);
      };`,
      );
      await using channel = await gateway.startService(service);
      assert.is(
        await gateway.call(() => typeof (globalThis as { ofService?: unknown }).ofService),
        'undefined',
      );
      await channel.send('blocks');
      assert.equal(await channel.receive(), ['function', 'blocks']);
      await channel.waitClose();
    },
  );
  tests.test('what it flushes leaves although it goes on without giving way', async (gateway) => {
    const service = serviceOf(`exports.serve = (channel, args, { flush }) => {
      channel.send('on its way');
      flush();
      channel.receiveSync();
    };`);
    await using channel = await gateway.startService(service);
    assert.is(await channel.receive(), 'on its way');
    await channel.send('over');
    await channel.waitClose();
  });
  tests.test('module.exports may be replaced, and comments end with their line', async (gateway) => {
    const service = serviceOf('module.exports = { serve: (channel, args) => channel.send(args) } // so');
    await using channel = await gateway.startService(service, 'replaced');
    assert.is(await channel.receive(), 'replaced');
  });
  tests.run();
}

const javascript = {
  echo: `exports.serve = async (channel, args) => {
    for await (const item of channel) await channel.send([args, item]);
  };`,
  fails: `exports.serve = async function serve() { throw new RangeError('out of order'); };`,
  waits: `exports.serve = async (channel, side) => {
    try {
      await channel.receive();
    } finally {
      side.send('cleaned up').catch(() => {});
    }
  };`,
  hands: `exports.serve = async (channel, side) => { await side.send(await channel.receive()); };`,
  nothing: 'exports.server = () => {};',
  broken: 'exports.serve = (;',
};

const python = {
  echo: 'def serve(channel, args):\n    for item in channel:\n        channel.send([args, item])\n',
  fails: "def serve(channel, args):\n    raise OverflowError('out of order')\n",
  waits:
    'import threading\ndef serve(channel, side):\n    try:\n        channel.receive()\n    finally:\n' +
    "        thread = threading.Thread(target=side.send, args=('cleaned up',))\n        thread.start()\n        thread.join()\n",
  hands: 'def serve(channel, side):\n    side.send(channel.receive())\n',
  nothing: 'def server(channel, args): pass\n',
  broken: 'def serve(:',
};

/** A service of the family of the gateway. */
const SERVICES = Object.fromEntries(
  Object.keys(javascript).map((name) => [
    name,
    {
      name,
      programs: {
        javascript: () => javascript[name as keyof typeof javascript],
        // what is asked for may be made first
        python: async () => python[name as keyof typeof python],
      },
    } satisfies Service,
  ]),
) as Record<keyof typeof javascript, Service>;

const serviceOf = (text: string): Service => ({ name: 'of a test', programs: { javascript: () => text } });

/** `spin`: code of the language that does not end. */
export function serviceTests(tests: GatewayTests, { spin }: { spin: string }): void {
  tests.test('a service has a channel and arguments, with channels among them', async (gateway) => {
    await using echo = await gateway.startService(SERVICES.echo, { n: [1, 'two'] });
    for (const item of ['one', 2]) {
      await echo.send(item);
      assert.equal(await echo.receive(), [{ n: [1, 'two'] }, item]);
    }
    await echo.end();
    await echo.waitClose();
    const side = gateway.newChannel();
    await using hands = await gateway.startService(SERVICES.hands, side);
    await hands.send('through');
    assert.is(await side.receive(), 'through');
    await hands.waitClose();
  });

  tests.test('large items go both ways', async (gateway) => {
    await using echo = await gateway.startService<[null, string]>(SERVICES.echo, null);
    const text = 'a text of 25 characters. '.repeat(200_000);
    const sent = echo.send(text);
    const [, back] = await echo.receive();
    await sent;
    assert.ok(back === text);
    await echo.end();
  });

  tests.testWith(
    {},
    'services serve while code spins, several at a time, and are no executions',
    async (gateway) => {
      const before = await gateway.remoteStatus();
      gateway.remoteExec(spin);
      const channels = await Promise.all(
        Array.from({ length: 5 }, (_, n) => gateway.startService(SERVICES.echo, n)),
      );
      await Promise.all(channels.map((channel, n) => channel.send(n)));
      assert.equal(
        await Promise.all(channels.map((channel) => channel.receive())),
        channels.map((_, n) => [n, n]),
      );
      const status = await gateway.remoteStatus();
      assert.is(status.numExecuting, 1);
      assert.is(status.numQueued, before.numQueued);
      assert.is(status.numChannels, before.numChannels + 1);
      await gateway.terminate({ timeout: 100 });
    },
  );

  tests.test('what it fails with is the error of its channel, and names the service', async (gateway) => {
    const channel = await gateway.startService(SERVICES.fails);
    const error = await failureOf(channel.receive());
    assert.match(error.message, /(RangeError|OverflowError): out of order/);
    assert.match(String(error.stack), /execnet(:service\/| service )fails/);
    assert.is(await failureOf(channel.waitClose()), error);
  });

  tests.test('a program that is none is an error of its channel', async (gateway) => {
    const nothing = await gateway.startService(SERVICES.nothing);
    assert.match(
      (await failureOf(nothing.receive())).message,
      /the program of the service nothing (exports no function|has no function) serve/,
    );
    const broken = await gateway.startService(SERVICES.broken);
    assert.match((await failureOf(broken.waitClose())).message, 'SyntaxError');
  });

  tests.test('cancel ends it, and it cleans up', async (gateway) => {
    const ends: ((channel: Channel, controller: AbortController) => unknown)[] = [
      (channel) => channel.cancel(),
      (channel) => channel[Symbol.asyncDispose](),
      (_, controller) => controller.abort(),
    ];
    for (const end of ends) {
      const side = gateway.newChannel();
      const controller = new AbortController();
      const { signal } = controller;
      const channel = await gateway.startService(SERVICES.waits, side, { signal });
      await gateway.remoteStatus();
      void end(channel, controller);
      assert.is(await side.receive(), 'cleaned up');
    }
  });

  tests.testWith({}, 'it ends with the gateway, and what waits for it is cut off', async (gateway) => {
    const side = gateway.newChannel();
    const channel = await gateway.startService(SERVICES.waits, side);
    const waiting = failureOf(channel.receive());
    const cleanedUp = side.receive();
    await gateway.remoteStatus();
    await gateway.terminate({ timeout: 5000 });
    assert.is(await cleanedUp, 'cleaned up');
    assert.is((await waiting).name, 'ConnectionLostError');
    assert.is((await failureOf(gateway.startService(SERVICES.echo))).name, 'ConnectionLostError');
  });

  tests.test('what can not be started says why', async (gateway) => {
    const none: Service = { name: 'one-sided', programs: {} };
    const unsupported = await failureOf(gateway.startService(none));
    assert.is(unsupported.code, 'ERR_EXECNET_UNSUPPORTED');
    assert.match(unsupported.message, /the service one-sided has no program for that/);
    const failing = { name: 'failing', programs: { javascript: failToMake, python: failToMake } };
    assert.is((await failureOf(gateway.startService(failing))).message, 'not built yet');
    const signal = AbortSignal.abort(new Error('enough'));
    assert.is((await failureOf(gateway.startService(SERVICES.echo, null, { signal }))).message, 'enough');
    assert.is((await failureOf(gateway.startService(SERVICES.echo, () => {}))).name, 'DumpError');
  });
}

async function failToMake(): Promise<string> {
  throw new Error('not built yet');
}
