import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { testCancelledReading, testPiping } from '../piping.ts';
import { itemsOf, type PythonFixture, PythonTests } from './python-tests.ts';

/** Channels as files, in Python and here. */
export function pythonFileSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'files', fixture);
  writing(tests);
  reading(tests);
  piping(tests);
  testPiping(tests, SOURCES);
  testCancelledReading(tests, "while True: channel.send('x' * 1000)");
  tests.run();
}

const SOURCES = {
  counts: 'args.receive(); args.send(sum(len(item) for item in channel))',
  fails: "channel.receive(); raise ValueError('enough')",
  leaves: 'channel.receive()',
};

async function text(file: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of file) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function writing(tests: PythonTests): void {
  tests.test('what Python writes to a file arrives, each piece as an item', async (gateway) => {
    const channel = gateway.remoteExec(`
      file = channel.makefile('w')
      file.write('text')
      file.write(bytearray(b'bytes'))
      file.writelines(['a', 'b'])
      file.flush()
      channel.makefile().write('for writing by itself')
      channel.send([file.isatty(), file.closed])
    `);
    const items = (await itemsOf(channel)).map((item) =>
      item instanceof Uint8Array ? Buffer.from(item).toString() : item,
    );
    assert.equal(items, ['text', 'bytes', 'a', 'b', 'for writing by itself', [false, false]]);
  });

  tests.test('closing a file leaves its channel open unless it was made to close it', async (gateway) => {
    const channel = gateway.remoteExec(`
      file = channel.makefile('w')
      file.write('in the file')
      file.close()
      try:
          file.write('too late')
      except ValueError:
          channel.send('ValueError')
      channel.send('behind the file')
      file = channel.makefile('w', proxyclose=True)
      file.write('in another')
      file.close()
      assert channel.isclosed()
    `);
    assert.equal(await itemsOf(channel), ['in the file', 'ValueError', 'behind the file', 'in another']);
  });

  tests.test('files of Python are closed by with, and printed to', async (gateway) => {
    const channel = gateway.remoteExec(`
      from __future__ import print_function
      with channel.makefile('w', proxyclose=True) as file:
          print('one', 2, sep=' ', file=file)
      assert channel.isclosed() and file.closed
    `);
    assert.is(await text(channel.makeFile('r')), 'one 2\n');
  });

  tests.test('another mode is a ValueError', async (gateway) => {
    const error = (await failureOf(gateway.remoteExec("channel.makefile('a')").waitClose())) as RemoteError;
    assert.is(error.remoteName, 'ValueError');
  });

  tests.test('writing to a closed channel is an IOError there', async (gateway) => {
    const given = gateway.newChannel();
    given.close();
    const other = gateway.newChannel();
    const channel = gateway.remoteExec(
      `
        file = args.makefile('w')
        args.waitclose()
        try:
            file.write('x')
        except IOError:
            channel.send('IOError')
      `,
      other,
    );
    other.close();
    assert.equal(await itemsOf(channel), ['IOError']);
  });
}

function reading(tests: PythonTests): void {
  tests.test('Python reads a file in pieces, in lines, and to its end', async (gateway) => {
    const given = gateway.newChannel();
    const channel = gateway.remoteExec(
      `
        file = args.makefile('r')
        seen = [file.read(4), file.readline(), file.readline(), file.read(0)]
        seen.append(next(file))
        seen.append(file.read())
        seen.append([file.read(), file.readline(), file.read(5), list(file)])
        channel.send(seen)
      `,
      given,
    );
    for (const piece of ['on', 'e two\nthree', ' four\n', '\nfi', 've\nsix\n', 'seven'])
      void given.send(piece);
    given.close();
    assert.equal(await itemsOf(channel), [
      ['one ', 'two\n', 'three four\n', '', '\n', 'five\nsix\nseven', ['', '', '', []]],
    ]);
  });

  tests.test('a file is read line by line while it is written', async (gateway) => {
    const given = gateway.newChannel();
    const channel = gateway.remoteExec("for line in args.makefile('r'): channel.send(line)", given);
    for (const line of ['one\n', 'two\n']) {
      void given.send(line);
      assert.is(await channel.receive(), line);
    }
    void given.send('without an end');
    given.close();
    assert.is(await channel.receive(), 'without an end');
    await channel.waitClose();
  });

  tests.test('a file of bytes gives bytes', async (gateway) => {
    const given = gateway.newChannel();
    const channel = gateway.remoteExec<unknown>(
      "file = args.makefile('r'); channel.send([bytearray(file.read(2)), bytearray(file.readline()), bytearray(file.read())])",
      given,
    );
    for (const piece of ['ab', 'c\nde', 'f']) void given.send(Buffer.from(piece));
    given.close();
    const items = (await channel.receive()) as Uint8Array[];
    assert.equal(items.map(String), ['97,98', '99,10', '100,101,102']);
    await channel.waitClose();
  });

  tests.test('closing a file for reading closes its channel if it was made to', async (gateway) => {
    for (const proxyClose of ['True', 'False']) {
      const given = gateway.newChannel();
      const channel = gateway.remoteExec(
        `file = args.makefile('r', proxyclose=${proxyClose}); file.close(); channel.send(args.isclosed())`,
        given,
      );
      assert.is(await channel.receive(), proxyClose === 'True');
      await channel.waitClose();
      given.close();
    }
  });
}

function piping(tests: PythonTests): void {
  tests.test('a stream here and files there are a pipe in both directions', async (gateway) => {
    const input = gateway.newChannel();
    const output = gateway.newChannel();
    const channel = gateway.remoteExec(
      `
        import shutil
        source = args['input'].makefile('r')
        target = args['output'].makefile('w', proxyclose=True)
        shutil.copyfileobj(source, target, 50000)
        target.close()
      `,
      { input: input, output: output },
    );
    const original = 'lorem ipsum '.repeat(50_000);
    const copy = text(output.makeFile('r'));
    await pipeline(
      Readable.from([original.slice(0, 300_000), original.slice(300_000)]),
      input.makeFile('w', { proxyClose: true }),
    );
    assert.ok((await copy) === original);
    await channel.waitClose();
  });

  tests.test('the failure of the code is an error of the stream', async (gateway) => {
    const channel = gateway.remoteExec("channel.makefile('w').write('some')\nraise ValueError('no more')");
    const error = (await failureOf(text(channel.makeFile('r')))) as RemoteError;
    assert.is(error.remoteName, 'ValueError');
  });
}
