import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import { stringsOf } from '../../src/channel/string-coercion.ts';
import { execnetFormat } from '../../src/serializer/index.ts';
import { Code } from '../../src/wire/index.ts';
import { LinkPair } from './link-pair.ts';

/** A `str` of Python 2, and one of Python 3, as they come. */
const PY2 = Buffer.from('4d000000016151', 'hex');
const PY3 = Buffer.from('4e000000016251', 'hex');
const A = new Uint8Array([0x61]);

test('strings of Python 2 arrive as a channel says, and new ones as its gateway does', async () => {
  const { local } = new LinkPair(execnetFormat);
  const { link, sent } = local;
  const arrive = async (channel: ReturnType<typeof link.channels.create>): Promise<unknown> => {
    link.handle(Code.CHANNEL_DATA, channel.id, PY2, true);
    return await channel.receive();
  };
  const usual = link.channels.create();
  strictEqual(await arrive(usual), 'a');
  link.strings = stringsOf({ py2strAsPy3str: false });
  strictEqual(await arrive(usual), 'a', 'it was there before');
  const bytes = link.channels.create();
  deepStrictEqual(await arrive(bytes), A);

  // what waits is loaded when it is read
  link.handle(Code.CHANNEL_DATA, bytes.id, PY2, true);
  bytes.reconfigure({ py2strAsPy3str: true });
  link.flush();
  deepStrictEqual(sent, [`RECONFIGURE ${bytes.id}`]);
  strictEqual(await bytes.receive(), 'a');
  strictEqual(await arrive(usual), 'a');
});

test('strings of Python 3 stay strings: they are what strings here are', async () => {
  const { link } = new LinkPair(execnetFormat).local;
  const channel = link.channels.create();
  channel.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
  link.handle(Code.CHANNEL_DATA, channel.id, PY3, true);
  strictEqual(await channel.receive(), 'b');
});

test('between JavaScript ends it changes nothing', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  there.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
  void here.send(['text', A]);
  await pair.settle();
  deepStrictEqual(await there.receive(), ['text', A]);
});

test.run();
