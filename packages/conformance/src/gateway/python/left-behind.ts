import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { evaluate, type PythonFixture, PythonTests } from './python-tests.ts';

/** Threads, or greenlets, that an execution has left when it is cancelled harm nobody. */
export function pythonLeftBehindSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'left behind', fixture);
  for (const [kind, work] of Object.entries(KINDS))
    tests.test(`what a cancelled execution has left ends nothing: it ${kind}`, async (gateway) => {
      const other = gateway.newChannel<unknown, unknown>();
      const { execmodel } = await gateway.remoteStatus();
      const channel = gateway.remoteExec<string>(
        leaves(work, tests.greenlets ? execmodel : undefined),
        other,
      );
      assert.is(await channel.receive(), 'begun');
      // most do something by then
      await new Promise((resolve) => setTimeout(resolve, 50));
      const reason = new RangeError('enough');
      channel.cancel(reason);
      assert.is(await failureOf(channel.waitClose()), reason);
      assert.is(await gateway.call('abs', [-1]), 1);
      // it hears of the end of what it waits for
      other.close();
      while ((await evaluate(gateway, "len(__import__('sys').left)")) !== 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
    });
  tests.run();
}

/** The code of the thread; `args` is another channel. */
const KINDS: Readonly<Record<string, string>> = {
  receives: 'channel.receive()',
  'receives, and says so when that fails': `
try:
    channel.receive()
except BaseException as error:
    channel.send(repr(error))`,
  iterates: 'for item in channel: channel.send(item)',
  sends: 'while True: channel.send(1)',
  'sends much': 'while True: channel.send(bytearray(1000000))',
  'writes to a file': "file = channel.makefile('w')\nwhile True: file.write('x' * 100000)",
  'reads a file': "channel.makefile('r').readline()",
  'waits for the close, then sends': 'channel.waitclose(); channel.send(1)',
  'receives on another channel': 'args.receive()',
  'sends on another channel': 'while True: args.send(bytearray(100000))',
  'sends later': 'time.sleep(0.3); channel.send(1)',
  'raises later': "time.sleep(0.3); raise ValueError('left behind')",
};

/** Code that leaves `work` behind, in a thread or in a greenlet of the model. */
const leaves = (work: string, model?: string): string => `
import sys
sys.left = ['begun']
def work():
    try:
${work.replace(/^/gm, '        ')}
    finally: sys.left.pop()
channel.send('begun')
${
  model === undefined
    ? `
import threading, time
thread = threading.Thread(target=work)
thread.daemon = True
thread.start()`
    : `
import ${model}, ${model} as time
${model}.spawn(work)`
}
channel.receive()
`;
