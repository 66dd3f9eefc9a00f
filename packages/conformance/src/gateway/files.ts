import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Channel, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';
import { testCancelledReading, testPiping, testRemotePiping } from './piping.ts';

/** Channels as Node streams and as web streams. */
export function fileSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'files and streams', fixture);
  writing(tests);
  reading(tests);
  webReading(tests);
  webWriting(tests);
  testPiping(tests);
  testRemotePiping(tests);
  testCancelledReading(tests, "for (;;) await channel.send('x'.repeat(1000))");
  tests.run();
}

/** Collects what arrives, bytes as their length, and says how it ended. */
const collect = async (items: Channel<unknown>): Promise<unknown[]> => {
  const seen: unknown[] = [];
  try {
    for await (const item of items) seen.push(item instanceof Uint8Array ? item.length : item);
    seen.push('closed');
  } catch (error) {
    seen.push((error as Error).message);
  }
  return seen;
};

function writing(tests: GatewayTests): void {
  tests.test('a file for writing sends each chunk as an item, strings as strings', async (gateway) => {
    const items = gateway.newChannel();
    const seen = gateway.call(collect, items);
    const file = items.makeFile('w', { proxyClose: true });
    file.write('text');
    file.write(new Uint8Array(3));
    file.write(Buffer.from('bytes'));
    file.end('last');
    assert.equal(await seen, ['text', 3, 5, 'last', 'closed']);
    assert.is(items.isClosed, true);
  });

  tests.test(
    'a file is for writing unless it is said otherwise, and leaves what arrives open unless told to close the channel',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<string, string>) => {
        for await (const item of channel) await channel.send(item.toUpperCase());
        await channel.send('and more');
      });
      const file = channel.makeFile();
      await new Promise<void>((resolve) => file.end('in the file', () => resolve()));
      assert.is(channel.isClosed, false);
      assert.equal(await collect(channel), ['IN THE FILE', 'and more', 'closed']);
    },
  );

  tests.test('what code writes in a row before it ends arrives, whatever it awaits', async (gateway) => {
    const channel = gateway.remoteExec<string>(
      "const file = channel.makeFile('w'); for (let n = 0; n < 50; n++) file.write(String(n)); file.end()",
    );
    assert.equal(await collect(channel), [...Array.from({ length: 50 }, (_, n) => String(n)), 'closed']);
  });

  tests.test('writing faster than the reader reads fills the file, and it drains', async (gateway) => {
    const items = gateway.newChannel();
    const bytes = gateway.call(async (items: Channel<Uint8Array | string>) => {
      if ((await items.receive()) !== 'go') throw new Error('not the first item');
      let bytes = 0;
      for await (const item of items) bytes += item.length;
      return bytes;
    }, items);
    const file = items.makeFile('w', { proxyClose: true });
    void items.send('go');
    await pipeline(Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(256 * 1024))), file);
    assert.is(await bytes, 64 * 256 * 1024);
  });

  tests.test(
    'a file that is destroyed with an error closes the channel with it, if it is to close it',
    async (gateway) => {
      const items = gateway.newChannel();
      const seen = gateway.call(collect, items);
      const file = items.makeFile('w', { proxyClose: true });
      file.on('error', () => {});
      file.destroy(new Error('disk full'));
      assert.equal(await seen, ['Error: disk full']);
    },
  );

  tests.test('writing to a closed channel is an error of the stream', async (gateway) => {
    const items = gateway.newChannel();
    const file = items.makeFile('w');
    items.close();
    const failed = new Promise<Error>((resolve) => file.on('error', resolve));
    file.write('too late');
    assert.is(((await failed) as { code?: string }).code, 'ERR_EXECNET_CHANNEL_CLOSED');
  });

  tests.test('another mode is a TypeError', async (gateway) => {
    const items = gateway.newChannel();
    assert.instance(await failureOf(() => items.makeFile('a' as never)), TypeError);
    items.close();
  });
}

async function text(file: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of file) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function reading(tests: GatewayTests): void {
  tests.test(
    'a file for reading gives the strings and binaries as bytes, and ends when the channel does',
    async (gateway) => {
      const channel = gateway.remoteExec((channel: Channel) => {
        for (const item of ['one ', Buffer.from('two '), '', new Uint8Array(), 'drei – три'])
          void channel.send(item);
      });
      assert.is(await text(channel.makeFile('r')), 'one two drei – три');
    },
  );

  tests.test('a file for reading has an encoding if it is given one', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => {
      const bytes = Buffer.from('€uro');
      void channel.send(bytes.subarray(0, 1));
      void channel.send(bytes.subarray(1));
    });
    const file = channel.makeFile('r').setEncoding('utf8');
    const chunks: string[] = [];
    for await (const chunk of file) chunks.push(chunk);
    assert.is(chunks.join(''), '€uro');
  });

  tests.test('what is neither string nor binary is an error of the stream', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => void channel.send({ not: 'a file' }));
    assert.instance(await failureOf(text(channel.makeFile('r'))), TypeError);
  });

  tests.test('the failure of the code is an error of the stream', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => {
      void channel.send('some');
      throw new RangeError('no more');
    });
    const error = (await failureOf(text(channel.makeFile('r')))) as RemoteError;
    assert.is(error.remoteName, 'RangeError');
  });

  tests.test(
    'a file for reading that is destroyed closes the channel, if it is to close it',
    async (gateway) => {
      for (const proxyClose of [true, false]) {
        const channel = gateway.remoteExec(async (channel: Channel) => {
          await channel.send('some');
          await channel.waitClose();
        });
        const file = channel.makeFile('r', { proxyClose });
        for await (const chunk of file) {
          assert.is(String(chunk), 'some');
          break;
        }
        assert.is(channel.isClosed, proxyClose);
        channel.close();
        await channel.waitClose();
      }
    },
  );

  tests.test('remote code reads and writes files, and standard streams work with them', async (gateway) => {
    const input = gateway.newChannel();
    const output = gateway.newChannel();
    const zipped = gateway.call(
      async ({ input, output }: { input: Channel; output: Channel }) => {
        const { createGzip } = await import('node:zlib');
        const { pipeline } = await import('node:stream/promises');
        await pipeline(
          input.makeFile('r') as NodeJS.ReadableStream,
          createGzip() as NodeJS.ReadWriteStream,
          output.makeFile('w', { proxyClose: true }) as NodeJS.WritableStream,
        );
      },
      { input: input, output: output },
    );
    const { gunzipSync } = await import('node:zlib');
    const original = 'lorem ipsum '.repeat(100_000);
    const reading = (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of output.makeFile('r')) chunks.push(chunk);
      return gunzipSync(Buffer.concat(chunks)).toString();
    })();
    const file: Writable = input.makeFile('w', { proxyClose: true });
    await pipeline(Readable.from([original.slice(0, 500_000), original.slice(500_000)]), file);
    await zipped;
    assert.ok((await reading) === original);
  });
}

function webReading(tests: GatewayTests): void {
  tests.test('readable brings the items as they are', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => {
      for (const item of [1, null, { a: [2] }, undefined]) void channel.send(item);
    });
    assert.is(channel.readable, channel.readable);
    const reader = channel.readable.getReader();
    const items: unknown[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) items.push(next.value);
    assert.equal(items, [1, null, { a: [2] }, undefined]);
  });

  tests.test('readable can be piped through transforms', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
      for (let item = 0; item < 100; item++) await channel.send(item);
    });
    let sum = 0;
    await channel.readable
      .pipeThrough(new TransformStream<number, number>({ transform: (item, out) => out.enqueue(item * 2) }))
      .pipeTo(
        new WritableStream({
          write: (item) => {
            sum += item;
          },
        }),
      );
    assert.is(sum, 9900);
  });

  tests.test('cancelling readable closes the channel', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => channel.waitClose());
    await channel.readable.cancel();
    assert.is(channel.isClosed, true);
  });

  tests.test('the failure of the code is an error of readable', async (gateway) => {
    const channel = gateway.remoteExec(() => {
      throw new RangeError('at once');
    });
    const error = (await failureOf(channel.readable.getReader().read())) as RemoteError;
    assert.is(error.remoteName, 'RangeError');
  });
}

function webWriting(tests: GatewayTests): void {
  tests.test(
    'writable sends each chunk as an item, and ends the channel when it is closed',
    async (gateway) => {
      const items = gateway.newChannel();
      const seen = gateway.call(collect, items);
      assert.is(items.writable, items.writable);
      const writer = items.writable.getWriter();
      await writer.write({ a: 1 });
      await writer.write('text');
      await writer.close();
      assert.is(items.isClosed, false);
      assert.equal(await seen, [{ a: 1 }, 'text', 'closed']);
    },
  );

  tests.test('aborting writable closes the channel with the reason', async (gateway) => {
    const items = gateway.newChannel();
    const seen = gateway.call(collect, items);
    await items.writable.abort(new Error('thought better of it'));
    assert.equal(await seen, ['Error: thought better of it']);
  });

  tests.test('remote code has web streams, too', async (gateway) => {
    const input = gateway.newChannel<never, number>();
    const output = gateway.newChannel<number>();
    const piped = gateway.call(
      async ({ input, output }: { input: Channel<number>; output: Channel<unknown, number> }) => {
        await input.readable.pipeTo(output.writable);
      },
      { input: input, output: output },
    );
    const items: number[] = [];
    const reading = (async () => {
      for await (const item of output) items.push(item);
    })();
    for (let item = 0; item < 100; item++) void input.send(item);
    input.close();
    await piped;
    await reading;
    assert.equal(
      items,
      Array.from({ length: 100 }, (_, index) => index),
    );
  });
}
