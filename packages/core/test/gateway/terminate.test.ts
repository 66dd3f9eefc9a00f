import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TerminateError } from '../../src/errors/index.ts';
import { connectionLost, howItEnded, toldExit } from '../../src/gateway/connection-lost.ts';
import { Group } from '../../src/group/index.ts';
import type { Connection, Exit } from '../../src/registry/index.ts';
import { type Attempt, StubPlugins } from '../group/stub-plugins.ts';

/** Makes every connection leave something behind. */
function leaving(stub: StubPlugins, pid: number): void {
  const { connection } = stub.attempts[pid] as Attempt;
  const abort = connection.abort.bind(connection);
  connection.abort = async (reason) => {
    await abort(reason);
    throw new TerminateError(`localhost pid ${pid} can't be killed`, [`localhost pid ${pid}`]);
  };
}

test('terminate that leaves something behind says what, and a group says all of it', async () => {
  const stub = new StubPlugins();
  const group = new Group({ registry: stub.registry, exitHook: false });
  const making = group.makeGateways(['stub//stubbed//id=a', 'stub//stubbed//id=b', 'stub//stubbed//id=c']);
  await stub.begun(3);
  for (const attempt of stub.attempts) attempt.succeed();
  const [first] = await making;
  leaving(stub, 0);
  leaving(stub, 2);
  const whole = (await group.terminate().catch((error: unknown) => error)) as TerminateError;
  assert.instance(whole, TerminateError);
  assert.equal(whole.remains, ['localhost pid 0', 'localhost pid 2']);
  assert.match(whole.message, "a: localhost pid 0 can't be killed; c: localhost pid 2 can't be killed");
  assert.is(whole.code, 'ERR_EXECNET_TERMINATE');
  const again = (await first?.terminate().catch((error: unknown) => error)) as TerminateError;
  assert.instance(again, TerminateError);
  assert.equal(again.remains, ['localhost pid 0']);
});

test('the code that a remote end said it ends with stands for the kill that it gave itself', () => {
  const killed: Exit = { signal: 'SIGKILL', stderr: 'said' };
  assert.equal(toldExit(killed, 3), { code: 3, stderr: 'said' });
  assert.equal(toldExit(killed, undefined), killed);
  assert.equal(toldExit({ stderr: '' }, 3), { code: 3, stderr: '' });
  // it knew no better: these came after it had spoken
  assert.equal(toldExit({ code: 7, stderr: '' }, 3), { code: 7, stderr: '' });
  assert.equal(toldExit({ signal: 'SIGSEGV', stderr: '' }, 3), { signal: 'SIGSEGV', stderr: '' });
});

test('the loss of a connection says how, why, and what was said last', () => {
  const reason = new Error('the cable broke');
  const lost = connectionLost('gw7', { signal: 'SIGKILL', stderr: '\nlast words\n' }, reason);
  assert.is(
    lost.message,
    'gw7: its remote end was ended by SIGKILL: the cable broke\n--- the last it wrote to stderr ---\n\nlast words',
  );
  assert.is(lost.cause, reason);
  assert.equal([lost.signal, lost.exitCode, lost.stderr], ['SIGKILL', undefined, '\nlast words\n']);
  assert.is(connectionLost('gw7', { stderr: '' }, undefined).message, 'gw7: its connection is closed');
  assert.is(
    connectionLost('gw7', { code: 0, stderr: ' \n' }, undefined).message,
    'gw7: its remote end ended with code 0',
  );
});

test('what closes its connection and goes on is ended', async () => {
  let settle: (exit: Exit) => void = () => {};
  const reasons: unknown[] = [];
  const connection = {
    closed: new Promise<Exit>((resolve) => {
      settle = resolve;
    }),
    abort: async (reason?: Error) => {
      reasons.push(reason?.message);
      settle({ signal: 'SIGKILL', stderr: '' });
    },
  } as unknown as Connection;
  assert.equal(await howItEnded(connection), { signal: 'SIGKILL', stderr: '' });
  assert.equal(reasons, ['it closed its connection without ending']);
});

test.run();
