import * as assert from 'uvu/assert';
import { ECHO, settlesBefore, type TransportCheck } from './check.ts';

/** What may be under way to who does not read, in all buffers and windows that are passed. */
const MAX_HELD = 12 * 1024 * 1024;

/** Several times that. */
const FLOOD = 48 * 1024 * 1024;

/** As many as it takes until chance does not count: the operating system need not treat all alike. */
const OTHERS = 3;

const CHUNK = 65536;

/** Who does not read holds up who writes, and nobody else. */
export const FLOW: readonly TransportCheck[] = [
  {
    title: 'a peer that does not read holds the writer up, until it reads',
    wants: 'backpressure',
    async run(lab) {
      // it stops itself, so that nothing is read, and is told to go on by another way
      const script = `echo $$ >&4; kill -STOP $$; head -c ${FLOOD} <&3 | wc -c >&4`;
      const { connection, sink } = await lab.open(script);
      const pid = Number(await sink.firstLine());
      let written = 0;
      const write = (): boolean => {
        written += CHUNK;
        return connection.write(new Uint8Array(CHUNK));
      };
      const fill = async (): Promise<void> => {
        while (written < FLOOD) {
          if (write()) continue;
          const drained = connection.drained();
          if (await settlesBefore(drained, new Promise((resolve) => setTimeout(resolve, 20)))) continue;
          if (!(await settlesBefore(drained, lab.quiet()))) return;
        }
      };
      await fill();
      assert.ok(written < MAX_HELD, `${written} bytes were taken, and nobody reads`);
      assert.ok(connection.queued > 0, 'something is queued');
      assert.ok(connection.queued <= written);
      const drained = connection.drained();
      await lab.run(`kill -CONT ${pid}`);
      await drained;
      while (written < FLOOD) if (!write()) await connection.drained();
      await sink.has(`${FLOOD}\n`);
      assert.is(connection.queued, 0);
    },
  },
  {
    title: 'drained() resolves at once when nothing is queued',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      await connection.drained();
      connection.write(Buffer.from('x'));
      await sink.has('x');
      await connection.drained();
      assert.is(connection.queued, 0);
    },
  },
  {
    title: 'drained() resolves when the connection is lost',
    async run(lab) {
      const { connection } = await lab.open('kill -STOP $$');
      for (let written = 0; written < 2 * MAX_HELD; written += CHUNK) connection.write(new Uint8Array(CHUNK));
      const drained = [connection.drained(), connection.drained()];
      await connection.abort();
      await Promise.all(drained);
      await connection.drained();
    },
  },
  {
    title: 'a reader that pauses holds the peer up, until it goes on',
    async run(lab) {
      const script = `head -c ${FLOOD} /dev/zero >&4; echo all of it >&2; IFS= read -r end <&3`;
      const { connection, sink } = await lab.open(script);
      await sink.arrived(1_000_000);
      connection.pause();
      const before = sink.size;
      for (let seen = -1; seen !== sink.size; ) {
        seen = sink.size;
        await lab.quiet();
      }
      // in the time that others take for the same it would come to its end, if somebody still read
      for (let round = 0; round < OTHERS; round++) {
        const other = await lab.open(script);
        await other.sink.arrived(FLOOD);
        await other.connection.abort();
      }
      await lab.quiet();
      assert.ok(sink.size - before < MAX_HELD, `${sink.size - before} bytes came during a pause`);
      assert.is(sink.printed, '', 'the peer has written everything');
      connection.resume();
      await sink.arrived(FLOOD);
      await sink.until(() => sink.printed === 'all of it\n', 'the peer had written everything');
      assert.is(sink.size, FLOOD);
    },
  },
  {
    title: 'a pause holds up neither the other direction nor what is printed',
    async run(lab) {
      const { connection, sink } = await lab.open(
        'IFS= read -r line <&3; echo "$line" >&2; IFS= read -r line <&3; echo over >&4',
      );
      connection.pause();
      connection.write(Buffer.from('a line\n'));
      await sink.until(() => sink.printed !== '', 'what was printed');
      assert.is(sink.printed, 'a line\n');
      connection.resume();
      connection.write(Buffer.from('another\n'));
      await sink.has('over');
    },
  },
  {
    title: 'pausing and going on loses nothing',
    async run(lab) {
      const { connection, sink } = await lab.open('head -c 4000000 /dev/zero >&4; IFS= read -r end <&3');
      for (let round = 0; round < 10; round++) {
        await sink.arrived(1 + round * 400_000);
        connection.pause();
        connection.pause();
        // now and then long enough for something to come meanwhile
        await (round % 4 === 0 ? lab.quiet() : new Promise((resolve) => setImmediate(resolve)));
        connection.resume();
        connection.resume();
      }
      await sink.arrived(4_000_000);
      assert.is(sink.size, 4_000_000);
    },
  },
  {
    title: 'one that is held up holds up no other',
    async run(lab) {
      const stuck = await lab.open('kill -STOP $$');
      const flooding = await lab.open('cat /dev/zero >&4');
      flooding.connection.pause();
      for (let written = 0; written < MAX_HELD; written += CHUNK)
        stuck.connection.write(new Uint8Array(CHUNK));
      await lab.quiet();
      await stuck.connection.abort();
      await flooding.connection.abort();
    },
  },
];
