import type { BootContext, Interpreter, Transport } from '@execnet/core/plugin';
import { Group, node, popen, Registry, thread } from 'execnet';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { test } from './fixtures/tests.ts';

/** A transport that reaches other machines. */
const far: Transport = { ...popen(), field: 'far', place: 'elsewhere' };

/** The interval between two pings, in milliseconds, of gateways with this spec. */
async function intervalOf(spec: string): Promise<number | undefined> {
  let seen: BootContext | undefined;
  const asked: Interpreter = {
    ...node(),
    field: 'asked',
    boot: async (context) => {
      seen = context;
      throw new Error('no gateway is wanted');
    },
  };
  const group = new Group({ registry: new Registry([popen(), far, asked, thread()]) });
  assert.is((await failureOf(group.makeGateway(`${spec}//asked`))).message, 'no gateway is wanted');
  return seen?.lease;
}

for (const [spec, interval] of [
  ['far', 15_000],
  ['far//keepalive=2', 2000],
  ['far//keepalive=60', 60_000],
  ['popen', undefined],
  ['popen//keepalive=.5', 500],
] as const) {
  test(`${spec}: ${interval === undefined ? 'no pings' : `a ping every ${interval} ms`}`, async () => {
    assert.is(await intervalOf(spec), interval);
  });
}

test.run();
