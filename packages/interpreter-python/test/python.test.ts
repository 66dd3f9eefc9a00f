import { Spec } from '@execnet/core';
import type { Boot, ExecModel } from '@execnet/core/plugin';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { python, pythonExecmodels } from '../src/index.ts';

const model = (name: string): ExecModel => pythonExecmodels().find((one) => one.name === name) as ExecModel;

const boot = (
  spec: string,
  {
    execmodel = model('thread'),
    ...more
  }: { execmodel?: ExecModel; executable?: string; lease?: number } = {},
): Promise<Boot> => python().boot({ id: 'gw0', spec: Spec.parse(spec), execmodel, token: 'token', ...more });

/** Without the text of the loader. */
async function command(spec: string, executable?: string): Promise<string[]> {
  const { file, args } = (await boot(spec, executable === undefined ? {} : { executable })).command;
  assert.is(args.at(-2), '-c');
  return [file, ...args.slice(0, -2)];
}

test('the command is what python= says, or what is there', async () => {
  assert.equal(await command('popen//python'), ['python3', '-u']);
  assert.equal(await command('popen//python', '/opt/python'), ['python3', '-u']);
  assert.equal(await command('popen', '/opt/python'), ['/opt/python', '-u']);
  assert.equal(await command('popen', ''), ['python3', '-u']);
  assert.equal(await command('popen//python=sudo -n "my python"//dont_write_bytecode'), [
    'sudo',
    '-n',
    'my python',
    '-u',
    '-B',
  ]);
  assert.equal((await boot('popen//python')).command.descriptors, { input: 0, output: 1, stdout: 3 });
});

async function options(spec: string, more: { execmodel?: ExecModel; lease?: number } = {}): Promise<unknown> {
  const bytes = Buffer.from((await boot(spec, more)).preamble());
  const size = bytes.readUInt32BE();
  assert.is(bytes.readUInt32BE(4 + size), bytes.length - size - 8);
  return JSON.parse(bytes.toString('utf8', 4, 4 + size));
}

test('the options say what the remote end needs to know', async () => {
  const id = [...Buffer.from('gw0')];
  assert.equal(await options('popen'), { token: 'token', id, execmodel: 'thread', threads: 256 });
  assert.equal(await options('popen//threads=7', { execmodel: model('gevent'), lease: 333.4 }), {
    token: 'token',
    id,
    execmodel: 'gevent',
    threads: 7,
    lease: 333,
    needs: 'gevent',
  });
});

test('there are four execution models, and no other is taken', async () => {
  assert.equal(
    pythonExecmodels().map(({ name, family }) => `${family} ${name}`),
    ['python thread', 'python main_thread_only', 'python eventlet', 'python gevent'],
  );
  const error = await boot('popen//execmodel=other', {
    execmodel: { kind: 'execmodel', name: 'toString', family: 'python' },
  }).catch((error) => error);
  assert.is(error.code, 'ERR_EXECNET_UNSUPPORTED');
});

test('refusals are explained', () => {
  const { explain } = python();
  assert.match(
    explain?.({ word: 'OLD', told: '2.6.9', file: 'python2' }) ?? '',
    'python2 is Python 2.6.9; 2.7, or 3.6 or newer, is needed. Name another with python=',
  );
  assert.match(
    explain?.({ word: 'LACKS', told: "gevent No module named 'gevent'", file: 'python3.9' }) ?? '',
    "needs the module gevent, which python3.9 can't import (No module named 'gevent'). Install it for that Python",
  );
});

test.run();
