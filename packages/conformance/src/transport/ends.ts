import { randomBytes } from 'node:crypto';
import * as assert from 'uvu/assert';
import { ECHO, settlesBefore, type TransportCheck, writeAll } from './check.ts';

/** How a connection ends, and what is known of it then. */
export const ENDS: readonly TransportCheck[] = [
  {
    title: 'end() lets the peer read every queued byte, and then the end',
    needs: 'halfClose',
    async run(lab) {
      const { connection, sink } = await lab.open('cat <&3 | wc -c >&4');
      for (let n = 0; n < 50; n++) connection.write(randomBytes(100_000));
      connection.end();
      connection.end();
      await sink.ended;
      assert.is(Number(sink.text), 5_000_000);
    },
  },
  {
    title: 'end() ends one direction only',
    needs: 'halfClose',
    async run(lab) {
      const { connection, sink } = await lab.open(`${ECHO}; head -c 1000000 /dev/zero >&4; printf over >&4`);
      connection.write(Buffer.from('before '));
      await sink.has('before ');
      connection.end();
      assert.is(await sink.ended, undefined);
      assert.is(sink.size, 7 + 1_000_000 + 4);
    },
  },
  {
    title: 'what is written after end() is dropped',
    needs: 'halfClose',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      connection.write(Buffer.from('this'));
      connection.end();
      connection.write(Buffer.from(' and not that'));
      await connection.drained();
      await sink.ended;
      assert.is(sink.text, 'this');
    },
  },
  {
    title: 'after the end of the peer bytes can still be written',
    needs: 'halfClose',
    wants: 'end of output',
    async run(lab) {
      const { connection, sink } = await lab.open('exec 4>&-; exec cat <&3 >&2');
      await sink.ended;
      await writeAll(connection, Buffer.from('still heard'), 4);
      await sink.until(() => sink.printed === 'still heard', 'what was written');
      connection.end();
      await connection.closed;
    },
  },
  {
    title: 'the end comes once, after all that was written',
    async run(lab) {
      for (let round = 0; round < 5; round++) {
        const { connection, sink } = await lab.open(
          'head -c 500000 /dev/zero >&4; head -c 30000 /dev/zero >&2; head -c 30000 /dev/zero; exit 0',
        );
        assert.is(await sink.ended, undefined);
        assert.is(sink.size, 500_000);
        await connection.closed;
        assert.is(sink.printed.length, 60_000);
      }
    },
  },
  {
    title: 'the program that ended tells its code',
    needs: 'exitStatus',
    async run(lab) {
      for (const code of [0, 7, 128]) {
        const exit = await lab.run(`exit ${code}`);
        assert.equal([exit.code, exit.signal, exit.error], [code, undefined, undefined]);
      }
    },
  },
  {
    title: 'a code that a shell has for signals is told as a code',
    needs: 'exitStatus',
    wants: 'high codes',
    async run(lab) {
      const exit = await lab.run('exit 130');
      assert.equal([exit.code, exit.signal, exit.error], [130, undefined, undefined]);
    },
  },
  {
    title: 'the program that was ended tells the signal',
    needs: 'exitStatus',
    wants: 'signals',
    async run(lab) {
      const exit = await lab.run('kill -TERM $$; sleep 1000');
      assert.equal([exit.code, exit.signal], [undefined, 'SIGTERM']);
    },
  },
  {
    title: 'what is printed to stdout and stderr arrives apart',
    needs: 'separateStdout',
    async run(lab) {
      const { connection, sink } = await lab.open('echo said; echo complained >&2; echo data >&4');
      await connection.closed;
      assert.equal([sink.text, sink.stdout, sink.stderr], ['data\n', 'said\n', 'complained\n']);
    },
  },
  {
    title: 'what is printed does not get among the bytes',
    async run(lab) {
      const { connection, sink } = await lab.open(
        'n=0; while [ $n -lt 50 ]; do echo said; echo complained >&2; echo data >&4; n=$((n+1)); done',
      );
      await connection.closed;
      assert.is(sink.text, 'data\n'.repeat(50));
      const lines = sink.printed.split('\n').filter(Boolean).sort();
      assert.equal(new Set(lines), new Set(['complained', 'said']));
      assert.is(lines.length, 100);
      if (!lab.supports.separateStdout) assert.is(sink.stdout, '', 'where both are one, it is stderr');
    },
  },
  {
    title: 'the tail of stderr is told at the end',
    async run(lab) {
      const { stderr } = await lab.run(
        'n=0; while [ $n -lt 2000 ]; do echo "line $n"; n=$((n+1)); done >&2; exit 5',
      );
      assert.is(stderr.length, 8192);
      assert.match(stderr, /line 1998\nline 1999\n$/);
    },
  },
  {
    title: 'closed settles after the end of the program',
    async run(lab) {
      const { connection, sink } = await lab.open('echo $$ >&4; IFS= read -r line <&3');
      const pid = Number(await sink.firstLine());
      assert.not(await settlesBefore(connection.closed, lab.quiet()));
      connection.write(Buffer.from('end\n'));
      const exit = await connection.closed;
      assert.is(await connection.closed, exit);
      await lab.assertGone([pid]);
    },
  },
  {
    title: 'what a program wrote before it ended waits for a reader that pauses',
    async run(lab) {
      // the last: more than a window of credit, so that a program's end is seen while its last words wait in a pipe
      for (const size of [10, 200_000, 380_000]) {
        const { connection, sink } = await lab.open(
          `head -c ${size} /dev/zero >&4; printf over >&4; printf printed >&2; exit 0`,
        );
        connection.pause();
        await lab.quiet();
        await lab.quiet();
        connection.resume();
        assert.is(await sink.ended, undefined);
        assert.is(sink.size, size + 4);
        assert.is((await connection.closed).stderr, 'printed');
        assert.is(sink.printed, 'printed');
      }
    },
  },
  {
    title: 'what a program leaves behind goes with it',
    wants: 'exit',
    async run(lab) {
      const { connection, sink } = await lab.open('sleep 1000 3<&- 4>&- & echo $! >&4; exit 3');
      const pid = Number(await sink.firstLine());
      // others hold what it printed to, but not the connection
      await sink.ended;
      await connection.abort();
      await lab.assertGone([pid]);
    },
  },
  {
    title: 'it ends with its program, whoever else holds it',
    needs: 'exitStatus',
    wants: 'exit',
    async run(lab) {
      for (const last of ['', 'head -c 300000 /dev/zero >&4; ']) {
        const { connection, sink } = await lab.open(
          `setsid sleep 1000 & echo $! >&4; ${last}printf over >&4; exit 3`,
        );
        const pid = Number(await sink.firstLine());
        try {
          assert.is((await connection.closed).code, 3);
          assert.is(await sink.ended, undefined);
          assert.is(sink.size, `${pid}\nover`.length + (last ? 300_000 : 0));
          await connection.abort();
        } finally {
          process.kill(pid, 'SIGKILL');
        }
      }
    },
  },
  {
    title: 'a connection whose program has ended takes everything, and does nothing',
    async run(lab) {
      const { connection } = await lab.open('exit 0');
      await connection.closed;
      connection.write(Buffer.from('dropped'));
      await connection.drained();
      connection.pause();
      connection.resume();
      connection.unref();
      connection.ref();
      connection.end();
      await connection.abort();
    },
  },
];
