// What the transport suite is worth: it must notice each of these transports, which are broken in one way each.
import { checkTransport } from '@execnet/conformance';
import type { Connection } from '@execnet/core/plugin';
import { popen } from 'execnet';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { ABORTING } from './fixtures/mutants/aborting.ts';
import { BYTES } from './fixtures/mutants/bytes.ts';
import { COMMANDS } from './fixtures/mutants/commands.ts';
import { ENDS } from './fixtures/mutants/ends.ts';
import { FLOW } from './fixtures/mutants/flow.ts';
import { GATEWAYS, KEEPING } from './fixtures/mutants/gateways.ts';
import { Made, mutate } from './fixtures/mutants/mutate.ts';
import { test } from './fixtures/tests.ts';
import { TransportGroup } from './fixtures/transports.ts';

/** A mutant that hangs is noticed by that; a good transport takes a tenth of it for each of these checks. */
const LIMIT = 1500;

const { kind, path } = runningInterpreter();

const mutants = [
  ...BYTES,
  ...FLOW,
  ...ENDS,
  ...ABORTING,
  ...COMMANDS,
  ...GATEWAYS,
  ...(kind === 'node' ? KEEPING : []),
];

for (const [what, title, fault] of mutants) {
  test(`a transport that ${what} is noticed`, async () => {
    const made = new Made();
    await using group = new TransportGroup({
      name: 'popen',
      transport: mutate(popen(), fault, made),
      spec: { popen: true, [kind]: path },
    });
    const failures = await checkTransport(group, { titles: [title], limit: LIMIT });
    await made.end();
    assert.equal([...failures.keys()], [title]);
  });
}

test('a transport that is as good passes all of these checks', async () => {
  await using group = new TransportGroup({
    name: 'popen',
    transport: mutate(popen(), { sink: () => ({}), connection: () => ({}) }, new Made()),
    spec: { popen: true, [kind]: path },
  });
  const titles = [...new Set(mutants.map(([, title]) => title))];
  assert.equal(await checkTransport(group, { titles }), new Map());
});

test('what a check starts after its time is ended', async () => {
  const good = popen();
  let goOn = (): void => {};
  const checked = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let tell: ((connection: Connection) => void) | undefined;
  const late = new Promise<Connection>((resolve) => {
    tell = resolve;
  });
  await using group = new TransportGroup({
    name: 'popen',
    transport: {
      ...good,
      connect: async (...given) => {
        await checked;
        const connection = await good.connect(...given);
        tell?.(connection);
        return connection;
      },
    },
    spec: { popen: true, [kind]: path },
  });
  const title = 'bytes of every value pass unchanged';
  const failures = await checkTransport(group, { titles: [title], limit: 20 });
  assert.match(String(failures.get(title)), 'the check takes longer than 20 ms');
  goOn();
  // its shell would read for ever
  await (await late).closed;
});

test('a check that is not there is none', async () => {
  await using group = new TransportGroup({
    name: 'popen',
    transport: popen(),
    spec: { popen: true, [kind]: path },
  });
  const error = await checkTransport(group, { titles: ['nothing'] }).catch((failure: unknown) => failure);
  assert.instance(error, TypeError);
});

test.run();
