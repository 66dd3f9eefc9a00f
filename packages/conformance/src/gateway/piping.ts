import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Channel } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayTests } from './gateway-tests.ts';

const MIB = 1024 * 1024;

/** Ways to send a stream over a channel. */
const WAYS: Readonly<
  Record<string, (source: Readable, channel: Channel<never, Uint8Array>) => Promise<void>>
> = {
  'a pipeline into a file': (source, channel) => pipeline(source, channel.makeFile('w')),
  'a pipeline into a file that closes the channel': (source, channel) =>
    pipeline(source, channel.makeFile('w', { proxyClose: true })),
  'pipeTo(channel.writable)': (source, channel) => Readable.toWeb(source).pipeTo(channel.writable),
};

/** The texts of {@link testPiping} in JavaScript. */
const SOURCES = {
  counts:
    'await args.receive(); let bytes = 0; for await (const item of channel) bytes += item.length; await args.send(bytes)',
  fails: "await channel.receive(); throw new RangeError('enough')",
};

/**
 * Adds tests of what a program is told that sends a stream: that all has left, or why it could not.
 *
 * @param sources texts: one that receives on the channel in `args`, then counts the bytes that come, and sends the count on that channel; and one that fails when the first item
 * has come
 */
export function testPiping(tests: GatewayTests, { counts, fails }: typeof SOURCES = SOURCES): void {
  for (const [way, pipe] of Object.entries(WAYS)) {
    tests.test(`${way} completes when all has left`, async (gateway) => {
      const control = gateway.newChannel<number, string>();
      const channel = gateway.remoteExec<never, Uint8Array>(counts, control);
      let complete = false;
      const piped = pipe(blocks(8), channel).then(() => {
        complete = true;
      });
      for (let round = 0; round < 50; round++) await gateway.remoteStatus();
      assert.is(complete, false);
      await control.send('begin');
      await piped;
      assert.is(await control.receive(), 8 * MIB);
      await channel.waitClose();
      control.close();
    });

    tests.test(`${way} fails with what the code there fails with`, async (gateway) => {
      const channel = gateway.remoteExec<never, Uint8Array>(fails);
      assert.match((await failureOf(pipe(blocks(Number.POSITIVE_INFINITY), channel))).message, 'enough');
    });

    tests.test(`${way} fails with the reason of a cancellation`, async (gateway) => {
      const control = gateway.newChannel<number, string>();
      const channel = gateway.remoteExec<never, Uint8Array>(counts, control);
      const reason = new RangeError('no longer');
      const failure = failureOf(pipe(blocks(8), channel));
      await gateway.remoteStatus();
      channel.cancel(reason);
      assert.is(await failure, reason);
      // for which the code waits, and which ends it
      control.close();
      await failureOf(channel.waitClose());
    });

    tests.testWith({}, `${way} fails when the gateway ends`, async (gateway) => {
      const channel = gateway.remoteExec<never, Uint8Array>(counts, gateway.newChannel());
      const failure = failureOf(pipe(blocks(8), channel));
      await gateway.remoteStatus();
      await gateway.terminate({ timeout: 100 });
      assert.match((await failure).code ?? '', /^ERR_EXECNET_/);
    });
  }
}

/** Ways to read what comes over a channel, to its end. */
const READERS: Readonly<
  Record<string, (channel: Channel<string, never>, first: (chunk?: unknown) => void) => Promise<unknown>>
> = {
  'a file': async (channel, first) => {
    for await (const chunk of channel.makeFile('r')) first(chunk);
  },
  'a pipeline from a file': (channel, first) =>
    pipeline(channel.makeFile('r'), async (chunks) => {
      for await (const chunk of chunks) first(chunk);
    }),
  'channel.readable': (channel, first) =>
    channel.readable.pipeTo(new WritableStream({ write: () => first() })),
  // a callback is told of the end by its marker, whatever the end is, and the caller by this
  'waitClose behind a callback': (channel, first) => {
    channel.setCallback(first);
    return channel.waitClose();
  },
};

/**
 * Adds tests that what reads a channel does not take a cancellation for its end.
 *
 * @param source text that sends texts without end
 */
export function testCancelledReading(tests: GatewayTests, source: string): void {
  for (const [way, read] of Object.entries(READERS))
    tests.test(`${way} fails with the reason of a cancellation`, async (gateway) => {
      const channel = gateway.remoteExec<string, never>(source);
      const reason = new RangeError('no longer');
      const reading = failureOf(
        new Promise((resolve, reject) => {
          // late enough to be in the midst of it
          let chunks = 0;
          const first = (): void => {
            if (++chunks === 20) channel.cancel(reason);
          };
          read(channel, first).then(resolve, reject);
        }),
      );
      assert.is(await reading, reason);
      assert.is(await failureOf(channel.waitClose()), reason);
    });
}

/** A stream of so many MiB. */
function blocks(count: number): Readable {
  return Readable.from(
    (function* () {
      for (let n = 0; n < count; n++) yield new Uint8Array(MIB);
    })(),
  );
}
