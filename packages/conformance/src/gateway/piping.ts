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
  // Readable.toWeb() throws uncaught up to Node 20 where it is cancelled while a chunk is on its way
  'pipeTo(channel.writable)': (source, channel) => webStream(source).pipeTo(channel.writable),
};

/** The texts of {@link testPiping} in JavaScript. */
const SOURCES = {
  counts:
    'await args.receive(); let bytes = 0; for await (const item of channel) bytes += item.length; await args.send(bytes)',
  fails: "await channel.receive(); throw new RangeError('enough')",
  leaves: 'await channel.receive()',
};

/**
 * Adds tests of what a program is told that sends a stream: that all has left, or why it could not.
 *
 * @param sources texts: one that receives on the channel in `args`, then counts the bytes that come, and sends the count on that channel; one that fails when the first item
 * has come; and one that is over then
 */
export function testPiping(tests: GatewayTests, { counts, fails, leaves }: typeof SOURCES = SOURCES): void {
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

    tests.test(`${way} fails where the code there has ended before all has left`, async (gateway) => {
      const channel = gateway.remoteExec<never, Uint8Array>(leaves);
      const error = await failureOf(pipe(blocks(Number.POSITIVE_INFINITY), channel));
      assert.is(error.code, 'ERR_EXECNET_CHANNEL_CLOSED');
      await channel.waitClose();
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

/** The same ways in remote code, as text: they send `chunks` over `output`. */
const REMOTE_WAYS: Readonly<Record<string, string>> = {
  'a pipeline into a file': "pipeline(Readable.from(chunks), output.makeFile('w'))",
  'a pipeline into a file that closes the channel':
    "pipeline(Readable.from(chunks), output.makeFile('w', { proxyClose: true }))",
  // without Readable.toWeb(), as above
  'pipeTo(channel.writable)': `new ReadableStream({ pull(to) {
    const { done, value } = chunks.next();
    if (done) to.close();
    else to.enqueue(value);
  } }).pipeTo(output.writable)`,
};

/** Text that sends a stream of so many MiB over the channel `output`; `piped` is the promise of that. */
const piping = (way: string, count: number): string => `
  const { Readable } = await import('node:stream');
  const { pipeline } = await import('node:stream/promises');
  const chunks = (function* () { for (let n = 0; n < ${count}; n++) yield new Uint8Array(${MIB}); })();
  const piped = ${way};
`;

/** Adds tests of what remote code is told that sends a stream: that all has left, or why it could not. For gateways to JavaScript. */
export function testRemotePiping(tests: GatewayTests): void {
  for (const [name, way] of Object.entries(REMOTE_WAYS)) {
    tests.test(`${name} in remote code completes when all has left`, async (gateway) => {
      const output = gateway.newChannel<Uint8Array>();
      const asking = gateway.remoteExec<boolean, string>(
        `const output = args; ${piping(way, 8)}
        let complete = false;
        const watched = piped.then(() => { complete = true; });
        for await (const _ of channel) await channel.send(complete);
        await watched;`,
        output,
      );
      for (let round = 0; round < 50; round++) {
        await asking.send('is it complete?');
        assert.is(await asking.receive(), false);
      }
      let bytes = 0;
      for await (const chunk of output) bytes += chunk.length;
      assert.is(bytes, 8 * MIB);
      await asking.end();
      await asking.waitClose();
    });

    for (const reason of [undefined, new RangeError('enough')])
      tests.test(
        `${name} in remote code fails where the reader closes the channel: ${reason}`,
        async (gateway) => {
          const output = gateway.newChannel<Uint8Array>();
          const failing = gateway.remoteExec<string>(
            `const output = args; ${piping(way, Number.POSITIVE_INFINITY)}
        await piped.catch((error) => channel.send(error.message));`,
            output,
          );
          await output.receive();
          output.close(reason);
          assert.match(await failing.receive(), reason?.message ?? /channel \d+ .* closed/);
          await failing.waitClose();
        },
      );

    tests.test(`${name} in remote code fails when its execution is cancelled`, async (gateway) => {
      const note = gateway.newChannel<boolean>();
      const channel = gateway.remoteExec<Uint8Array>(
        `const output = channel; ${piping(way, Number.POSITIVE_INFINITY)}
        await piped.catch((error) => args.send(error instanceof Error));`,
        note,
      );
      await channel.receive();
      const reason = new RangeError('no longer');
      channel.cancel(reason);
      assert.is(await note.receive(), true);
      assert.is(await failureOf(channel.waitClose()), reason);
      note.close();
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

/** What `source` gives, one chunk for each that is asked for. */
function webStream(source: Readable): ReadableStream<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream({
    async pull(to) {
      const { done, value } = await chunks.next();
      if (done) to.close();
      else to.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
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
