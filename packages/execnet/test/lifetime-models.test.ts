import { existsSync } from 'node:fs';
import { type Channel, ConnectionLostError, Group, loads } from 'execnet';
import * as assert from 'uvu/assert';
import { BareRemoteEnd } from './fixtures/bare-remote-end.ts';
import { NEVER_YIELDS } from './fixtures/busy.mjs';
import { CHILDREN } from './fixtures/children.mjs';
import { failureOf } from './fixtures/failure.ts';
import { assertCleansUpAtTerminate } from './fixtures/held.ts';
import { MODELS, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { Marker } from './fixtures/marker.ts';
import { CODE, concat, frame, item, LOSSES } from './fixtures/mutations.mjs';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { startInTerminal, startProgram } from './fixtures/programs.ts';
import { overlapping, test } from './fixtures/tests.ts';

/** The promise is 2 s; interpreters that spin on two cores need a margin. */
const LIMIT = 4000;

/** Most of each is waiting: for the grace of code that spins, and for processes to go. */
const overlapped = overlapping(MODELS.length);

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of MODELS) {
    const add = overlapped(interpreter.test);
    const spec = specOf(interpreter, 'stdio=ignore', `execmodel=${execmodel}`);

    add(`${execmodel}: while code spins, status is answered and terminate leaves nothing`, async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(spec);
      const channel = gateway.remoteExec(`${CHILDREN} for (;;);`);
      const children = (await channel.receive()) as number[];
      const { execmodel: told, ...counts } = await gateway.remoteStatus();
      assert.is(told, execmodel);
      assert.equal(counts, { numChannels: 1, numExecuting: 1, numQueued: 0 });
      const terminated = gateway.terminate({ timeout: 500 });
      // while it is being terminated, too
      assert.is((await gateway.remoteStatus()).numExecuting, 1);
      await terminated;
      assert.equal([gateway.peer.pid, ...children].filter(isRunning), []);
      assert.instance(await failureOf(channel.receive()), ConnectionLostError);
    });

    add(`${execmodel}: while code never yields, SIGKILL of the local process leaves nothing`, async () => {
      await using program = startProgram('spinning.mjs', [spec]);
      const pids = await program.said<number[]>();
      assert.equal(pids.filter(isRunning), pids);
      program.child.kill('SIGKILL');
      await program.ended;
      assert.equal(await stillRunning(pids, LIMIT), []);
    });

    // the signal goes to the foreground of the terminal, to which remote ends do not belong
    add(
      `${execmodel}: while code never yields, Ctrl-C in the terminal of the local process leaves nothing`,
      async () => {
        await using program = startInTerminal('spinning.mjs', [spec]);
        const pids = await program.said<number[]>();
        assert.equal(pids.filter(isRunning), pids);
        program.child.stdin.write('\x03');
        assert.equal(await stillRunning(pids, LIMIT), []);
        await program.ended;
      },
    );

    test(`${execmodel}: finally runs within the grace in code that is blocked`, async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(spec);
      const log = gateway.newChannel<string, unknown>();
      const channel = gateway.remoteExec(
        (channel: Channel<unknown, string>, log: Channel<unknown, string>) => {
          try {
            channel.sendSync('blocks');
            channel.receiveSync();
          } catch (error) {
            log.sendSync((error as Error).name);
          } finally {
            log.sendSync('finally');
          }
        },
        log as never,
      );
      assert.is(await channel.receive(), 'blocks');
      const terminated = gateway.terminate({ timeout: 5000 });
      assert.is(await log.receive(), 'CancelledError');
      assert.is(await log.receive(), 'finally');
      await terminated;
    });

    test(`${execmodel}: finally runs when it is terminated while a large item arrives`, async () => {
      await using group = new Group();
      await assertCleansUpAtTerminate(await group.makeGateway(spec));
    });

    for (const { what, last, ends, lease } of LOSSES)
      add(`${execmodel}: finally runs when ${what}`, async () => {
        using marker = new Marker();
        await using remote = await BareRemoteEnd.boot(interpreter, {
          execmodel,
          ...(lease === undefined ? {} : { lease }),
        });
        const text = `(async function (channel, file) {
          channel.sendSync(1);
          try { for (;;) channel.receiveSync() }
          finally {
            await new Promise((resolve) => setTimeout(resolve, 20));
            require('node:fs').writeFileSync(file, '');
          }
        })`;
        remote.input.write(frame(CODE.CHANNEL_EXEC, 1, item({ kind: 'function', text, args: marker.file })));
        await remote.hears(() => remote.payload(CODE.CHANNEL_DATA, 1) !== undefined);
        remote.input.write(last);
        if (ends) remote.input.end();
        await remote.exited;
        assert.ok(existsSync(marker.file));
      });

    test(`${execmodel}: while code never yields, the end of its input leaves nothing`, async () => {
      await using remote = await BareRemoteEnd.boot(interpreter, { execmodel });
      const text = `(async function (channel) { ${CHILDREN} ${NEVER_YIELDS} })`;
      remote.input.write(frame(CODE.CHANNEL_EXEC, 1, item({ kind: 'function', text, args: 1 })));
      await remote.hears(() => remote.payload(CODE.CHANNEL_DATA, 1) !== undefined);
      const children = loads(concat(Uint8Array.of(3), remote.payload(CODE.CHANNEL_DATA, 1) as Uint8Array));
      const pids = [remote.child.pid as number, ...(children as number[])];
      assert.equal(pids.filter(isRunning), pids);
      remote.input.end();
      assert.equal(await stillRunning(pids, LIMIT), []);
    });
  }
}

test.run();
