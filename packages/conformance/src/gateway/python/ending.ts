import { ConnectionLostError, type Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { AT_EXIT, Marker, type PythonFixture, PythonTests } from './python-tests.ts';

/** That `terminate` ends a remote end in Python whatever it does. */
export function pythonTerminatingSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'terminating', fixture);
  terminating(tests);
  tests.run();
}

/** How a remote end in Python cleans up when it is asked to end, and what is told when it ends by itself. Its machine has to be this one. */
export function pythonEndingSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'ending', fixture);
  cleaning(tests);
  exiting(tests);
  tests.run();
}

/** Holds the lock of CPython's interpreter for ever, so that no other thread of Python runs; Jython has none. */
const HOLD_LOCK = `
try:
    numbers = xrange
except NameError:
    numbers = range
sum(numbers(10 ** 12))`;

const HUNG: Readonly<Record<string, string>> = {
  'computes without end': 'while True: pass',
  'holds the lock of the interpreter': HOLD_LOCK,
  sleeps: 'import time; time.sleep(1000)',
  'waits for an item': 'channel.receive()',
  'waits for an item again and again, whatever it is told':
    'while True:\n    try: channel.receive()\n    except BaseException: pass',
  'catches whatever interrupts it':
    'import time\nwhile True:\n    try: time.sleep(1000)\n    except BaseException: pass',
  'waits for a thread that computes':
    'import threading\ndef work():\n    while True: pass\nthread = threading.Thread(target=work)\nthread.start()\nthread.join()',
  'waits for a child': "import subprocess; subprocess.call(['sleep', '1000'])",
};

function terminating(tests: PythonTests): void {
  for (const [what, code] of Object.entries(HUNG)) {
    for (const thread of ['the main thread', 'another thread'])
      tests.testWith({ stdio: 'ignore' }, `terminate is bounded while ${thread} ${what}`, async (gateway) => {
        if (thread !== 'the main thread')
          await gateway.remoteExec("channel.send(1); __import__('time').sleep(1000)").receive();
        const channel = gateway.remoteExec(`channel.send(1)\n${code}`);
        await channel.receive();
        const start = performance.now();
        await gateway.terminate({ timeout: 300 });
        // 1.3 s is the promise; a busy machine gets a margin
        assert.ok(performance.now() - start < 3500, `${performance.now() - start} ms`);
        // what could be interrupted has said that it has ended, the rest is lost
        assert.instance(await failureOf(channel.receive()), Error);
        assert.is(gateway.hasReceiver, false);
      });
  }

  tests.testWith(
    {},
    'status is told while the main thread computes, and while it sleeps',
    async (gateway) => {
      await gateway.remoteExec("channel.send(1); __import__('time').sleep(1000)").receive();
      await gateway.remoteExec('channel.send(1)\nwhile True: pass').receive();
      for (let round = 0; round < 5; round++)
        assert.is((await gateway.remoteStatus({ timeout: 10_000 })).numExecuting, 2);
      await gateway.terminate({ timeout: 0 });
    },
  );
}

/** Code that does `wait`, and writes why that ended. */
const writing = (wait: string): string => `
def write(text):
    with open(args, 'a') as file: file.write(text + ' ')
import time
channel.send('ready')
kind = 'nothing'
try:
    ${wait}
except BaseException as error:
    kind = type(error).__name__
    raise
finally:
    # long enough for another thread to come in between
    time.sleep(0.05)
    write(kind + ' finally')
`;

async function begin(gateway: Gateway, code: string, args?: unknown): Promise<void> {
  assert.is(await gateway.remoteExec(code, args).receive(), 'ready');
}

function cleaning(tests: PythonTests): void {
  for (const [how, wait] of [
    ['receive', 'channel.receive()'],
    ['receive with a timeout', 'channel.receive(1000)'],
    ['send', 'while True: channel.send(bytearray(100000))'],
    ['iteration', 'for item in channel: pass'],
  ] as const)
    tests.testWith(
      { stdio: 'ignore' },
      `finally runs at terminate in code that waits in ${how}, in any thread`,
      async (gateway) => {
        using marker = new Marker();
        await begin(gateway, writing(wait), marker.file);
        await begin(gateway, writing(wait), marker.file);
        await gateway.terminate();
        assert.is(marker.text, 'Cancelled finally '.repeat(2));
      },
    );

  tests.testWith(
    { stdio: 'ignore' },
    'finally runs at terminate in code of the main thread that sleeps',
    async (gateway) => {
      using marker = new Marker();
      await begin(gateway, writing('time.sleep(1000)'), marker.file);
      await gateway.terminate();
      assert.match(marker.text, /^\S+ finally $/);
    },
  );

  tests.testWith({}, 'atexit handlers run at terminate', async (gateway) => {
    using marker = new Marker();
    await gateway.remoteExec(AT_EXIT, marker.file).waitClose();
    await gateway.terminate();
    assert.is(marker.text, 'at exit');
  });

  tests.testWith(
    {},
    'a remote end that was never used, and one whose code has ended, end at once',
    async (gateway) => {
      await gateway.call('abs', [1]);
      const start = performance.now();
      await gateway.terminate({ timeout: 60_000 });
      assert.ok(performance.now() - start < 10_000);
      const lost = await failureOf(gateway.remoteStatus());
      assert.instance(lost, ConnectionLostError);
      assert.is((lost as ConnectionLostError).exitCode, 0);
    },
  );

  tests.testWith({}, 'exit asks, join waits, and what is left running gets its grace', async (gateway) => {
    using marker = new Marker();
    await begin(gateway, writing('channel.receive()'), marker.file);
    gateway.exit();
    gateway.exit();
    await gateway.join({ timeout: 15_000 });
    assert.is(marker.text, 'Cancelled finally ');
    assert.is(gateway.hasReceiver, false);
  });
}

/** What ends the process, and what is told of it. */
const ENDINGS: readonly (readonly [
  what: string,
  code: string,
  expected: { code: number } | { signal: string },
  onlyC?: true,
])[] = [
  ['os._exit(3)', 'import os; os._exit(3)', { code: 3 }],
  ['os._exit(0)', 'import os; os._exit(0)', { code: 0 }],
  // PyPy sends the signal to the process, not to the thread, which then goes on for a moment
  ['os.abort()', 'import os, time; os.abort(); time.sleep(1000)', { signal: 'SIGABRT' }, true],
  ['SIGKILL', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', { signal: 'SIGKILL' }, true],
  [
    'SIGTERM',
    'import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(1000)',
    { signal: 'SIGTERM' },
    true,
  ],
  // any thread may be the one that gets it, a moment later
  [
    'SIGSEGV',
    'import os, signal, time; os.kill(os.getpid(), signal.SIGSEGV); time.sleep(1000)',
    { signal: 'SIGSEGV' },
    true,
  ],
];

function exiting(tests: PythonTests): void {
  for (const [what, code, expected, onlyC] of ENDINGS) {
    for (const thread of ['the main thread', 'another thread']) {
      const title = `${what} in ${thread} ends the remote end and is told`;
      if (onlyC && tests.jython) {
        tests.leaveOut(title, 'Jython has no such thing');
        continue;
      }
      tests.testWith({ stdio: 'ignore' }, title, async (gateway) => {
        if (thread !== 'the main thread')
          await gateway.remoteExec("channel.send(1); __import__('time').sleep(1000)").receive();
        const channel = gateway.remoteExec(`channel.send('about to end')\n${code}`);
        assert.is(await channel.receive(), 'about to end');
        const lost = (await failureOf(channel.receive())) as ConnectionLostError;
        assert.instance(lost, ConnectionLostError);
        await gateway.join();
        assert.equal(
          { code: lost.exitCode, signal: lost.signal },
          { code: undefined, signal: undefined, ...expected },
        );
      });
    }
  }

  tests.testWith(
    { stdio: 'ignore' },
    'what was sent before the end arrives before it is told',
    async (gateway) => {
      const channel = gateway.remoteExec<number>(
        'import os\nfor n in range(100): channel.send(n)\nos._exit(5)',
      );
      for (let n = 0; n < 100; n++) assert.is(await channel.receive(), n);
      assert.is(((await failureOf(channel.receive())) as ConnectionLostError).exitCode, 5);
    },
  );

  tests.testWith({ stdio: 'pipe' }, 'the last words of a remote end are in the error', async (gateway) => {
    gateway.stderr?.resume();
    const channel = gateway.remoteExec(
      "import os, sys\nsys.stderr.write('these are my last words')\nsys.stderr.flush()\nos._exit(5)",
    );
    assert.match(
      ((await failureOf(channel.receive())) as ConnectionLostError).message,
      'these are my last words',
    );
  });
}
