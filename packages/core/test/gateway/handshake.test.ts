import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasCode } from '../../src/errors/index.ts';
import { Handshake } from '../../src/gateway/handshake.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/index.ts';
import type { Command } from '../../src/registry/index.ts';
import { Code, encodeFrame } from '../../src/wire/index.ts';

const TOKEN = 'execnet:0123456789ab:';
const HELLO = { protocol: PROTOCOL_VERSION, runtime: 'node', pid: 4711 };
const greeting = Buffer.concat([
  Buffer.from(TOKEN),
  encodeFrame(Code.HELLO, 0, Buffer.from(JSON.stringify(HELLO))),
]);
const command: Command = { file: 'an interpreter', args: [], env: {}, descriptors: { input: 3, output: 4 } };

async function failureOf(handshake: Handshake): Promise<Error> {
  return await handshake.greeting.then(
    () => Promise.reject(new Error('it was greeted')),
    (error: Error) => error,
  );
}

test('the greeting is found wherever the stream is cut', async () => {
  const noise = Buffer.from(`Last login: today\n${TOKEN.slice(0, -1)}\n`);
  const stream = Buffer.concat([noise, greeting, Buffer.from('rest')]);
  for (let first = 0; first <= stream.length; first += 3) {
    for (const second of [first, first + 1, first + 20]) {
      const handshake = new Handshake(TOKEN, command);
      for (const part of [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)])
        handshake.data(part);
      assert.equal(await handshake.greeting, HELLO, `cut at ${first} and ${second}`);
      assert.is(Buffer.from(handshake.rest).toString(), 'rest');
      assert.is(handshake.noise, noise.toString().trim());
    }
  }
});

test('what comes behind the greeting is kept, also what comes before anybody has seen it', async () => {
  const handshake = new Handshake(TOKEN, command);
  const chunk = Buffer.concat([greeting, Buffer.from('one')]);
  handshake.data(chunk);
  chunk.fill(0);
  handshake.data(Buffer.from(', two'));
  await handshake.greeting;
  assert.is(Buffer.from(handshake.rest).toString(), 'one, two');
});

test('noise without end is told, and not kept', async () => {
  const handshake = new Handshake(TOKEN, command);
  const line = Buffer.from('all work and no play\n'.repeat(1000));
  for (let n = 0; n < 100; n++) handshake.data(line);
  const error = await failureOf(handshake);
  assert.ok(hasCode(error, 'ERR_EXECNET_NOT_AN_INTERPRETER'));
  assert.match(error.message, /prints without end.*all work and no play/s);
  assert.ok(error.message.length < 4096);
  assert.ok(handshake.rest.length < TOKEN.length);
});

test('prints without end are told', async () => {
  const handshake = new Handshake(TOKEN, command);
  const line = Buffer.from('y\n'.repeat(5000));
  let kept = 0;
  for (let n = 0; n < 1000; n++) if (handshake.printed('stdout', line)) kept += line.length;
  assert.ok(kept <= 1024 * 1024);
  assert.match((await failureOf(handshake)).message, /prints without end/);
});

for (const [refusal, code, said] of [
  ['OLD 16.20.2', 'ERR_EXECNET_INTERPRETER_TOO_OLD', 'OLD: 16.20.2, an interpreter'],
  ['LACKS gevent for ünicode\n', 'ERR_EXECNET_UNSUPPORTED', 'LACKS: gevent for ünicode, an interpreter'],
] as const) {
  test(`a refusal is told when it is complete, in the words of the interpreter: ${refusal.trim()}`, async () => {
    const stream = Buffer.from(`noise${TOKEN}${refusal}`);
    for (let cut = 0; cut <= stream.length; cut++) {
      const handshake = new Handshake(TOKEN, command, ({ word, told, file }) => `${word}: ${told}, ${file}`);
      handshake.data(stream.subarray(0, cut));
      handshake.data(stream.subarray(cut));
      handshake.ended({ code: 1, stderr: '' });
      const error = await failureOf(handshake);
      assert.ok(hasCode(error, code), error.message);
      assert.is(error.message, said);
    }
    const silent = new Handshake(TOKEN, command);
    silent.data(stream);
    silent.ended({ code: 1, stderr: '' });
    assert.match(
      (await failureOf(silent)).message,
      `an interpreter can't be a remote end: ${refusal.trim()}`,
    );
  });
}

test('what only begins like a refusal is none', async () => {
  const handshake = new Handshake(TOKEN, command);
  handshake.data(Buffer.from(`${TOKEN}OLDER`));
  handshake.ended({ code: 1, stderr: '' });
  assert.ok(hasCode(await failureOf(handshake), 'ERR_EXECNET_NOT_AN_INTERPRETER'));
});

for (const [exit, code, said] of [
  [
    { code: 127, stderr: 'sh: nodee: not found' },
    'ERR_EXECNET_INTERPRETER_NOT_FOUND',
    /not found: "an interpreter" ended with code 127/,
  ],
  [{ code: 126, stderr: '' }, 'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', /can't be executed/],
  [
    { code: 9, stderr: 'bad option' },
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    /code 9 before it said hello.*stderr: bad option/,
  ],
  [{ signal: 'SIGSEGV', stderr: '' }, 'ERR_EXECNET_NOT_AN_INTERPRETER', /was ended by SIGSEGV/],
  [{ stderr: '' }, 'ERR_EXECNET_NOT_AN_INTERPRETER', /closed the connection/],
  [
    { signal: 'SIGKILL', stderr: '', error: new Error('it went on') },
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    /failed \(it went on\)/,
  ],
] as const) {
  test(`the end before a greeting is told with its reason: ${JSON.stringify(exit)}`, async () => {
    const handshake = new Handshake(TOKEN, command);
    handshake.data(Buffer.from('some noise'));
    handshake.ended(exit);
    const error = await failureOf(handshake);
    assert.ok(hasCode(error, code), error.message);
    assert.match(error.message, said);
  });
}

test.run();
