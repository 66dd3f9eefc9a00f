import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { currentTier } from '../../../tools/lib/combinations.mjs';
import { pythons } from '../../../tools/lib/pythons.mjs';
import { LOADER } from '../src/generated/programs.ts';

const TOKEN = 'execnet:0123:';
const ODD = 'ü "\\\u{1f40d}';

/** A remote end that says what it was given. */
const PROGRAM = `
import os, sys
def main(options, read_fd, write_fd):
    print('printed ' + options['execmodel'])
    sys.stdout.flush()
    os.system('echo from a child')
    sys.stderr.write('warned, ' + __name__ + ', ' + repr(sys.stdin.read()) + os.linesep)
    if sys.platform.startswith('java'):
        from jarray import array
        from jnr.posix import POSIXFactory
        POSIXFactory.getPOSIX().write(write_fd, array('more', 'b'), 4)
    else:
        os.write(write_fd, 'more'.encode('ascii'))
# ${ODD.replaceAll(/[^\x20-\x7e]/gu, '')}
`;

interface Started {
  readonly code: number | null;
  readonly protocol: Buffer;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number | undefined;
}

interface Wanted {
  readonly loader?: string;
  /** Whether there is a descriptor 3 for what is printed. */
  readonly stdout?: boolean;
  readonly needs?: string;
  readonly parts?: number;
  readonly cwd?: string;
}

async function start(
  file: string,
  { loader = LOADER, stdout = true, needs, parts = 1, cwd }: Wanted = {},
): Promise<Started> {
  const child = spawn(file, ['-u', '-c', loader], {
    stdio: stdout ? ['pipe', 'pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const chunks: Buffer[][] = [[], [], [], []];
  for (const fd of [1, 2, 3]) child.stdio[fd]?.on('data', (chunk: Buffer) => chunks[fd]?.push(chunk));
  const closed = once(child, 'close');
  child.stdin?.on('error', () => {});
  const options = { token: TOKEN, execmodel: 'thread', ...(needs === undefined ? {} : { needs }) };
  const bytes = Buffer.concat(
    [JSON.stringify(options), PROGRAM].flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );
  for (let part = 0; part < parts; part++) {
    const at = (index: number) => Math.floor((bytes.length * index) / parts);
    child.stdin?.write(bytes.subarray(at(part), at(part + 1)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [code] = await closed;
  const [, protocol = Buffer.alloc(0), stderr, printed] = chunks.map((some) => Buffer.concat(some));
  return { code, protocol, stdout: String(printed), stderr: String(stderr), pid: child.pid };
}

const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');

const found = pythons();

for (const { name, path: file, runtime, version } of found) {
  test(`${name}: the loader says hello, starts the program, and keeps prints apart`, async () => {
    const { code, protocol, stdout, stderr, pid } = await start(file, { parts: 40 });
    assert.is(stderr, "warned, execnet_remote_end, ''\n");
    assert.equal(linesOf(stdout), ['printed thread', 'from a child']);
    assert.is(code, 0);
    assert.is(protocol.toString('latin1', 0, TOKEN.length), TOKEN);
    const frame = protocol.subarray(TOKEN.length);
    assert.equal([frame.readInt8(0), frame.readInt32BE(1)], [8, 0]);
    const end = 9 + frame.readInt32BE(5);
    assert.is(frame.toString('utf8', end), 'more');
    const { executable, ...hello } = JSON.parse(frame.toString('ascii', 9, end));
    assert.equal(hello, {
      protocol: 1,
      runtime,
      version: hello.version,
      pid,
      platform: process.platform,
      arch: process.arch,
      cwd: process.cwd(),
    });
    assert.match(hello.version, new RegExp(`^${version}\\.\\d+$`));
    assert.is(spawnSync(executable, ['-c', 'pass']).status, 0, 'it can be started again');
  });

  test(`${name}: a loader whose hello can not be written ends`, async () => {
    const child = spawn(file, ['-u', '-c', LOADER], { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.on('error', () => {});
    child.stdout.destroy();
    const options = Buffer.from(JSON.stringify({ token: TOKEN, execmodel: 'thread' }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(options.length);
    child.stdin.write(Buffer.concat([length, options]));
    // Jython reports that a write failed by its result
    const [, signal] = await once(child, 'close');
    assert.is(signal, null);
  });

  // a machine of Java takes seconds to start
  if (runtime === 'jython' && currentTier() !== 'all') continue;

  test(`${name}: without a descriptor for it what is printed goes to stderr`, async () => {
    const { code, protocol, stderr } = await start(file, { stdout: false });
    assert.equal(linesOf(stderr), ['printed thread', 'from a child', "warned, execnet_remote_end, ''"]);
    assert.is(code, 0);
    assert.match(protocol.toString('latin1'), /more$/);
  });

  test(`${name}: what is too old says so, and what lacks a module does`, async () => {
    const old = await start(file, {
      loader: LOADER.replace('sys.version_info < (2, 7)', 'sys.version_info < (9, 9)'),
    });
    assert.is(old.code, 1);
    assert.match(old.protocol.toString(), new RegExp(`^${TOKEN}OLD \\d+\\.\\d+\\.\\d+$`));
    const lacking = await start(file, { needs: 'no_such_module' });
    assert.is(lacking.code, 1);
    assert.match(
      lacking.protocol.toString(),
      new RegExp(`^${TOKEN}LACKS no_such_module No module named '?no_such_module'?$`),
    );
  });
}

test('a loader to which nobody speaks any more ends', async () => {
  const [first] = found;
  if (!first) return;
  const child = spawn(first.path, ['-u', '-c', LOADER]);
  child.stdin.end(Buffer.from([0, 0]));
  assert.equal(await once(child, 'close'), [0, null]);
});

test.run();
