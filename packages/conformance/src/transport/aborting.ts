import type { Connection } from '@execnet/core/plugin';
import * as assert from 'uvu/assert';
import { ECHO, type TransportCheck } from './check.ts';
import type { Lab, Opened } from './lab.ts';

/** Spins, and so does a child of it, which has a child that waits; none of them listens to signals that can be ignored. Their numbers come first. */
const TREE = `trap "" HUP INT TERM PIPE
sh -c 'trap "" HUP INT TERM PIPE; sleep 1000 & echo $! >&4; while :; do :; done' &
echo $! >&4; echo $$ >&4; while :; do :; done`;

async function openTree(lab: Lab): Promise<Opened & { readonly pids: number[] }> {
  const { connection, sink } = await lab.open(TREE);
  await sink.until(() => sink.text.split('\n').length > 3, 'three processes');
  const pids = sink.text.trim().split('\n').map(Number);
  assert.equal((await lab.running(pids)).length, 3);
  return { connection, sink, pids };
}

/** What aborting an attempt to connect comes to: the reason, or a connection that came before. */
async function attempt(lab: Lab, wait: (aborted: () => void) => void): Promise<void> {
  const reason = new Error('given up');
  const controller = new AbortController();
  const connecting = lab.connect('sleep 1000', { signal: controller.signal });
  wait(() => controller.abort(reason));
  let connection: Connection;
  try {
    connection = await connecting;
  } catch (error) {
    assert.is(error, reason);
    return;
  }
  // it was faster; from then on the signal means nothing
  await connection.abort();
}

/** How a connection is taken down. */
export const ABORTING: readonly TransportCheck[] = [
  {
    title: 'abort() kills what spins, with child and grandchild, before it resolves',
    async run(lab) {
      const { connection, sink, pids } = await openTree(lab);
      await connection.abort();
      await lab.assertGone(pids);
      await Promise.all([sink.ended, connection.closed]);
    },
  },
  {
    title: 'abort() is idempotent, and its first reason is that of the end',
    async run(lab) {
      const { connection, pids } = await openTree(lab);
      const reason = new Error('enough');
      await Promise.all([connection.abort(reason), connection.abort(), connection.abort(new Error('later'))]);
      await lab.assertGone(pids);
      await connection.abort();
      assert.is((await connection.closed).error, reason);
    },
  },
  {
    title: 'abort() works on a connection that was never started',
    async run(lab) {
      const connection = await lab.connect('trap "" HUP INT TERM; sleep 1000 & wait');
      await connection.abort();
      await connection.closed;
      await lab.assertNothingLeft();
    },
  },
  {
    title: 'abort() flushes nothing, and waits for nobody who does not read',
    async run(lab) {
      const { connection } = await lab.open('kill -STOP $$');
      for (let n = 0; n < 200; n++) connection.write(new Uint8Array(65536));
      connection.end();
      await connection.abort();
      await lab.assertNothingLeft();
    },
  },
  {
    title: 'abort() works while the connection is paused',
    async run(lab) {
      const { connection, sink } = await lab.open('cat /dev/zero >&4');
      await sink.arrived(1);
      connection.pause();
      await connection.abort();
      await sink.ended;
      await lab.assertNothingLeft();
    },
  },
  {
    title: 'a connection that was aborted takes everything, and does nothing',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      connection.write(Buffer.from('x'));
      await sink.has('x');
      const aborting = connection.abort();
      connection.write(Buffer.from('dropped'));
      connection.end();
      connection.pause();
      connection.resume();
      connection.unref();
      connection.ref();
      await aborting;
      connection.write(Buffer.from('dropped'));
      await connection.drained();
      connection.end();
      await connection.closed;
      assert.is(sink.text, 'x');
    },
  },
  {
    title: 'one that is aborted takes no other with it',
    async run(lab) {
      const [first, second] = await Promise.all([lab.open(ECHO), lab.open(ECHO)]);
      await first.connection.abort();
      second.connection.write(Buffer.from('still here'));
      await second.sink.has('still here');
    },
  },
  {
    title: 'a signal that is aborted already is the reason for which nothing is started',
    async run(lab) {
      await attempt(lab, (abort) => abort());
      const reason = new Error('given up before');
      let failure: unknown;
      try {
        await lab.connect('sleep 1000', { signal: AbortSignal.abort(reason) });
      } catch (error) {
        failure = error;
      }
      assert.is(failure, reason);
      await lab.assertNothingLeft();
    },
  },
  {
    title: 'a signal that is aborted on the way leaves nothing, however far it came',
    async run(lab) {
      for (const milliseconds of [0, 1, 2, 4, 8, 16, 32, 64])
        await attempt(lab, (abort) => setTimeout(abort, milliseconds));
      await lab.assertNothingLeft();
    },
  },
];
