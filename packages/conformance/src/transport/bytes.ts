import { createHash, randomBytes } from 'node:crypto';
import * as assert from 'uvu/assert';
import { ECHO, type TransportCheck, writeAll } from './check.ts';

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Around what pipes, packets and windows hold, and several times that. */
const SIZES = [1, 9, 4096, 65535, 65536, 65537, 1_000_003, 6_000_001] as const;

/** The bytes: all of them, in order, nothing else. */
export const BYTES: readonly TransportCheck[] = [
  {
    title: 'bytes of every value pass unchanged',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      // what a terminal, a shell or an ssh client would take for itself: line ends, ^C, ^D, ~.
      const bytes = Buffer.concat([
        Buffer.from(Array.from({ length: 256 }, (_, n) => n)),
        Buffer.from('\n~.\n\r\n~~\u0003\u0004\u001a\u0011\u0013\n'),
      ]);
      connection.write(bytes);
      await sink.arrived(bytes.length);
      assert.is(sink.digest(), hashOf(bytes));
    },
  },
  {
    title: 'bytes of any number go there and back whole and in order',
    async run(lab) {
      for (const size of SIZES) {
        const { connection, sink } = await lab.open(ECHO);
        const bytes = randomBytes(size);
        await Promise.all([writeAll(connection, bytes, 65536), sink.arrived(size)]);
        assert.is(sink.size, size);
        assert.is(sink.digest(), hashOf(bytes), `${size} bytes`);
        await connection.abort();
      }
    },
  },
  {
    title: 'a chunk of any size is one write',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      const chunks = [3_000_001, 0, 1, 0, 70_000, 2].map((size) => randomBytes(size));
      const whole = Buffer.concat(chunks);
      for (const chunk of chunks) connection.write(chunk);
      await sink.arrived(whole.length);
      assert.is(sink.digest(), hashOf(whole));
    },
  },
  {
    title: 'many small chunks keep their order',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      const lines = Array.from({ length: 20_000 }, (_, n) => Buffer.from(`${n}\n`));
      const whole = Buffer.concat(lines);
      for (const line of lines) if (!connection.write(line)) await connection.drained();
      await sink.arrived(whole.length);
      assert.is(sink.digest(), hashOf(whole));
    },
  },
  {
    title: 'what arrives before the start is kept, and delivered first',
    async run(lab) {
      const connection = await lab.connect(`printf early >&4; printf printed >&2; ${ECHO}`);
      await lab.quiet();
      const { sink } = lab.start(connection);
      connection.write(Buffer.from(' late'));
      await sink.has('late');
      assert.is(sink.text, 'early late');
      await sink.until(() => sink.stderr !== '', 'what was printed');
      assert.is(sink.stderr, 'printed');
      assert.equal(sink.faults, []);
    },
  },
  {
    title: 'what is written before the start arrives',
    async run(lab) {
      const connection = await lab.connect(ECHO);
      connection.write(Buffer.from('written first'));
      const { sink } = lab.start(connection);
      await sink.has('written first');
    },
  },
  {
    title: 'a connection is started once',
    async run(lab) {
      const { connection, sink } = await lab.open(ECHO);
      assert.throws(
        () => lab.start(connection),
        (error: unknown) => error instanceof TypeError,
      );
      connection.write(Buffer.from('it goes on'));
      await sink.has('it goes on');
    },
  },
  {
    title: 'ten connections at once keep their bytes apart',
    async run(lab) {
      const all = await Promise.all(Array.from({ length: 10 }, async () => await lab.open(ECHO)));
      await Promise.all(
        all.map(async ({ connection, sink }) => {
          const bytes = randomBytes(300_000);
          await Promise.all([writeAll(connection, bytes, 10_000), sink.arrived(bytes.length)]);
          assert.is(sink.digest(), hashOf(bytes));
        }),
      );
    },
  },
  {
    title: 'it says where the other end is',
    async run(lab) {
      const { remoteAddress } = await lab.connect(ECHO);
      assert.type(remoteAddress, 'string');
      assert.ok(remoteAddress.length > 0);
    },
  },
];
