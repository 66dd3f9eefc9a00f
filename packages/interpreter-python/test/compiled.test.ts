import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Spec } from '@execnet/core';
import type { Boot, ExecModel } from '@execnet/core/plugin';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pythons } from '../../../tools/lib/pythons.mjs';
import { CompiledPrograms } from '../src/compiled.ts';
import { REMOTE_END } from '../src/generated/programs.ts';
import { python, pythonExecmodels } from '../src/index.ts';

const TOKEN = 'execnet:0123:';
const COMPILED = 18;

const execmodel = pythonExecmodels()[0] as ExecModel;

interface Frame {
  readonly code: number;
  readonly payload: Buffer;
}

/** The parts of a preamble. */
function partsOf(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    parts.push(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return parts;
}

/** What the interpreter answers to a preamble, once nothing more comes to it. */
async function answers(boot: Boot, preamble: Uint8Array): Promise<Frame[]> {
  const { file, args } = boot.command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(preamble);
  await once(child, 'close');
  const bytes = Buffer.concat(chunks);
  assert.is(bytes.subarray(0, TOKEN.length).toString(), TOKEN);
  const frames: Frame[] = [];
  for (let at = TOKEN.length; at < bytes.length; ) {
    const size = bytes.readInt32BE(at + 5);
    frames.push({ code: bytes.readInt8(at), payload: bytes.subarray(at + 9, at + 9 + size) });
    at += 9 + size;
  }
  return frames;
}

for (const { name, path, runtime } of pythons()) {
  test(`what ${name} has made of the program is sent to its next remote end, if that is on the same machine`, async () => {
    const plugin = python();
    const spec = Spec.parse(`popen//python=${path}`);
    const boot = (local: boolean): Promise<Boot> =>
      plugin.boot({ id: 'gw0', spec, execmodel, token: TOKEN, local });
    assert.is((await boot(false)).compiled, undefined);
    const first = await boot(true);
    const [, made] = await answers(first, first.preamble());
    if (runtime === 'jython') {
      assert.is(made, undefined);
      return;
    }
    assert.is(made?.code, COMPILED);
    first.compiled?.((made as Frame).payload);
    const second = await boot(true);
    assert.is(second.compiled, undefined);
    const [options, program, code] = partsOf(Buffer.from(second.preamble()));
    assert.is(program?.toString(), REMOTE_END);
    const { build } = JSON.parse(String(options)) as { build: string };
    assert.ok((code?.length ?? 0) > 10_000);
    // it boots from the code alone
    const bare = Buffer.concat(
      [options as Buffer, Buffer.from('no Python'), code as Buffer].flatMap((part) => {
        const size = Buffer.alloc(4);
        size.writeUInt32BE(part.length);
        return [size, part];
      }),
    );
    assert.equal(
      (await answers(second, bare)).map((frame) => frame.code),
      [8],
    );
    // and another version takes none of it
    const changed = Buffer.from(
      Buffer.from(second.preamble())
        .toString('latin1')
        .replace(JSON.stringify(build).slice(1, 8), 'x'.repeat(7)),
      'latin1',
    );
    assert.equal(
      (await answers(second, changed)).map((frame) => frame.code),
      [8],
    );
    assert.equal(partsOf(Buffer.from((await boot(false)).preamble())).length, 2);
  });
}

test('what is no compiled program is dropped', () => {
  const programs = new CompiledPrograms();
  for (const payload of [
    [],
    [0, 0, 0],
    [0, 0, 0, 1, 65],
    [0xff, 0xff, 0xff, 0xff, 65, 66],
    [0, 0, 0, 1, 0x80, 1],
  ])
    programs.put('python3', Uint8Array.from(payload));
  assert.is(programs.get('python3'), undefined);
  programs.put('python3', Uint8Array.from([0, 0, 0, 1, 65, 66]));
  assert.equal(programs.get('python3'), { build: 'A', code: Uint8Array.from([66]) });
});

test.run();
