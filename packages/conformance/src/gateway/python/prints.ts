import type { Readable } from 'node:stream';
import type { Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { evaluate, type PythonFixture, PythonTests } from './python-tests.ts';

/** Where what Python code prints goes, and what it finds on its stdin. */
export function pythonPrintSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'prints', fixture);
  const apart = fixture.separateStdout !== false;
  arriving(tests, apart);
  undisturbed(tests, apart);
  stdin(tests);
  tests.run();
}

/** All that a stream gives until its end. */
async function textOf(stream: Readable | undefined): Promise<string> {
  let text = '';
  for await (const chunk of (stream as Readable).setEncoding('utf8')) text += chunk as string;
  return text;
}

/** What the gateway prints until it has ended. */
function printsOf(gateway: Gateway): Promise<[stdout: string, stderr: string]> {
  return Promise.all([textOf(gateway.stdout), textOf(gateway.stderr)]);
}

/** Writes to a descriptor, where those of the interpreter are those of the system: Jython's are not. */
const RAW = `
import os, sys
def raw(fd, text):
    try:
        os.write(fd, text.encode('latin-1'))
    except OSError:
        stream = (None, sys.stdout, sys.stderr)[fd]
        stream.write(text)
        stream.flush()
`;

/** Prints one line in each way; `args` is the name of the thread. */
const PRINT = `
from __future__ import print_function
import os, subprocess, sys, threading
${RAW}
print(args, 'print')
sys.stdout.write(args + ' sys.stdout\\n')
sys.stdout.flush()
raw(1, args + ' descriptor\\n')
subprocess.call(['echo', args + ' a child'])
thread = threading.Thread(target=lambda: print(args + ' a thread'))
thread.start()
thread.join()
sys.stdout.flush()
sys.stderr.write(args + ' sys.stderr\\n')
sys.stderr.flush()
raw(2, args + ' descriptor\\n')
subprocess.call(['sh', '-c', 'echo ' + args + ' the stderr of a child >&2'])
`;

const onStdout = (thread: string): string[] =>
  ['print', 'sys.stdout', 'descriptor', 'a child', 'a thread'].map((way) => `${thread} ${way}`);

const onStderr = (thread: string): string[] =>
  ['sys.stderr', 'descriptor', 'the stderr of a child'].map((way) => `${thread} ${way}`);

function arriving(tests: PythonTests, apart: boolean): void {
  tests.testWith(
    { stdio: 'pipe' },
    'what code prints are streams of the gateway, in order, from any thread',
    async (gateway) => {
      const prints = printsOf(gateway);
      const busy = gateway.remoteExec(`${PRINT}channel.send('printed')\nwhile True: pass`, 'main');
      assert.is(await busy.receive(), 'printed');
      const other = gateway.remoteExec(`${PRINT}channel.send('printed')`, 'other');
      assert.is(await other.receive(), 'printed');
      await gateway.terminate({ timeout: 0 });
      const [stdout, stderr] = await prints;
      if (apart) {
        assert.equal(stdout.split('\n'), [...onStdout('main'), ...onStdout('other'), '']);
        assert.equal(stderr.split('\n'), [...onStderr('main'), ...onStderr('other'), '']);
      } else {
        assert.is(stdout, '');
        for (const line of ['main', 'other'].flatMap((thread) => [...onStdout(thread), ...onStderr(thread)]))
          assert.ok(stderr.split('\n').includes(line), line);
      }
    },
  );

  tests.testWith(
    { stdio: 'pipe' },
    'what is printed without an end of line, and right before the end, arrives',
    async (gateway) => {
      const prints = printsOf(gateway);
      await gateway
        .remoteExec("import sys; sys.stdout.write('x' * 300000); sys.stdout.write('the end')")
        .waitClose();
      await gateway.terminate();
      const printed = (await prints)[apart ? 0 : 1];
      assert.ok(printed.endsWith('xthe end'), printed.slice(-100));
      assert.is(printed.length, 300_007);
    },
  );

  tests.testWith(
    { stdio: 'pipe' },
    'a print is seen at once, though the execution goes on',
    async (gateway) => {
      const stream = tests.printedBy(gateway) as Readable;
      const channel = gateway.remoteExec(
        "from __future__ import print_function\nprint('now')\nchannel.receive()",
      );
      let printed = '';
      for await (const chunk of stream) {
        printed += chunk;
        if (printed.includes('now\n')) break;
      }
      await channel.send(null);
      await channel.waitClose();
    },
  );

  tests.testWith({ stdio: 'pipe' }, 'letters of any language can be printed', async (gateway) => {
    const prints = printsOf(gateway);
    const code = tests.python2 ? "print(u'é漢'.encode('utf-8'))" : "print('é漢')";
    await gateway.remoteExec(code).waitClose();
    await gateway.terminate();
    assert.is((await prints)[apart ? 0 : 1], 'é漢\n');
  });

  tests.testWith({ stdio: 'ignore' }, 'prints that are ignored disturb nothing', async (gateway) => {
    await gateway.remoteExec(PRINT, 'main').waitClose();
    assert.is(gateway.stdout, undefined);
    assert.is(await gateway.call('abs', [-1]), 1);
  });
}

function undisturbed(tests: PythonTests, apart: boolean): void {
  tests.testWith(
    { stdio: 'pipe' },
    'what code prints, frames of the protocol included, disturbs no execution',
    async (gateway) => {
      const prints = printsOf(gateway);
      const noise = gateway.remoteExec(`${RAW}
import subprocess
for n in range(100):
    raw(1, '\\x04\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x01L')
    raw(2, '\\x04\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x01L')
subprocess.call(['sh', '-c', 'echo printed by a child; echo and on stderr >&2'])`);
      await noise.waitClose();
      assert.is(await evaluate(gateway, "'undisturbed'"), 'undisturbed');
      await gateway.terminate();
      const [stdout, stderr] = await prints;
      assert.match(apart ? stdout : stderr, 'printed by a child');
      assert.match(stderr, 'and on stderr');
    },
  );

  tests.testWith({ stdio: 'pipe' }, 'code may close and replace its standard streams', async (gateway) => {
    gateway.stdout?.resume();
    gateway.stderr?.resume();
    await gateway
      .remoteExec(
        'import os, sys\nsys.stdout = sys.stderr = sys.stdin = None\nfor fd in (0, 1, 2): os.close(fd)\nopen(os.devnull); open(os.devnull)',
      )
      .waitClose()
      .catch(() => {});
    assert.is(await gateway.call('abs', [-1]), 1);
    await gateway.terminate();
  });

  tests.testWith(
    { stdio: 'pipe' },
    'a megabyte of prints from two threads arrives whole',
    async (gateway) => {
      const prints = printsOf(gateway);
      const code = `${RAW}
for n in range(5000):
    raw(1, '%s %d %s\\n' % (args, n, 'x' * 90))
    if n % 100 == 0: channel.send(n)`;
      const channels = ['one', 'two'].map((name) => gateway.remoteExec<number>(code, name));
      await Promise.all(
        channels.map(async (channel) => {
          for (let n = 0; n < 5000; n += 100) assert.is(await channel.receive(), n);
          await channel.waitClose();
        }),
      );
      await gateway.terminate();
      const lines = (await prints)[apart ? 0 : 1].trimEnd().split('\n');
      assert.is(lines.length, 10_000);
      for (const name of ['one', 'two'])
        assert.equal(
          lines.filter((line) => line.startsWith(name)).map((line) => Number(line.split(' ')[1])),
          Array.from({ length: 5000 }, (_, n) => n),
        );
    },
  );
}

function stdin(tests: PythonTests): void {
  tests.test('stdin is at its end, for code and for children', async (gateway) => {
    assert.is(await evaluate(gateway, "u'' + __import__('sys').stdin.read()"), '');
    const channel = gateway.remoteExec(`
      import subprocess
      child = subprocess.Popen(['cat'], stdout=subprocess.PIPE)
      channel.send([len(child.communicate()[0]), child.returncode])
    `);
    assert.equal(await channel.receive(), [0, 0]);
    await channel.waitClose();
  });
}
