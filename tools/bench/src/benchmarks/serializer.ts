import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import { dumps, loads } from 'execnet';
import { type Benchmark, EXECNET } from '../benchmark.ts';
import { interleave, milliseconds } from '../rounds.ts';
import { row } from '../row.ts';

const RECORDS = 1000;

/**
 * `dumps` and `loads` of a list of 1000 records, the search for what can't be sent included, in this process. JSON is held against from object to
 * string and back, which is the least that it can do; what travels are bytes, so that is shown too. execnet dumps the same records.
 */
export const serializer: Benchmark = {
  name: 'serializer',
  title: `dumps and loads of ${RECORDS} records`,
  async run({ quick, python }) {
    const records = Array.from({ length: RECORDS }, (_, i) => record(i));
    const repeat = quick ? 3 : 20;
    /** The mean of a few repetitions: one alone is too short for the clock, and for the collector to take its share. */
    const time = (work: () => unknown): (() => Promise<number>) => {
      return async () =>
        (await milliseconds(() => {
          for (let i = 0; i < repeat; i++) work();
        })) / repeat;
    };
    const text = JSON.stringify(records);
    const bytes = Buffer.from(text);
    const cloned = v8.serialize(records);
    const ours = dumps(records);
    const theirs = dumps(records, { version: 2 });
    const folder = mkdtempSync(join(tmpdir(), 'execnet-bench-'));
    try {
      const file = join(folder, 'records.json');
      writeFileSync(file, text);
      const taken = await interleave(
        {
          dumps: time(() => dumps(records)),
          loads: time(() => loads(ours)),
          dumps2: time(() => dumps(records, { version: 2 })),
          loads2: time(() => loads(theirs)),
          stringify: time(() => JSON.stringify(records)),
          parse: time(() => JSON.parse(text)),
          toBytes: time(() => Buffer.from(JSON.stringify(records))),
          fromBytes: time(() => JSON.parse(bytes.toString())),
          serialize: time(() => v8.serialize(records)),
          deserialize: time(() => v8.deserialize(cloned)),
          pythonDumps: python && (() => python.ask('dumps', file)),
          pythonLoads: python && (() => python.ask('loads', file)),
        },
        { rounds: quick ? 3 : 15, warmUp: 3 },
      );
      const dumping = [
        { name: 'JSON.stringify', samples: taken.stringify, aim: { most: 1.1 } },
        { name: 'JSON.stringify and to bytes', samples: taken.toBytes },
        { name: 'v8.serialize', samples: taken.serialize },
        { name: EXECNET, samples: taken.pythonDumps, aim: { most: 0.1 } },
      ];
      const loading = [
        { name: 'JSON.parse', samples: taken.parse, aim: { most: 0.5 } },
        { name: 'from bytes and JSON.parse', samples: taken.fromBytes },
        { name: 'v8.deserialize', samples: taken.deserialize },
        { name: EXECNET, samples: taken.pythonLoads, aim: { most: 0.1 } },
      ];
      return [
        row({ what: `dumps, ${ours.length} bytes`, unit: 'ms', samples: taken.dumps, against: dumping }),
        row({ what: 'loads', unit: 'ms', samples: taken.loads, against: loading }),
        row({
          what: `dumps in execnet's format, ${theirs.length} bytes`,
          unit: 'ms',
          samples: taken.dumps2,
          against: [{ name: EXECNET, samples: taken.pythonDumps }],
        }),
        row({
          what: "loads of execnet's format",
          unit: 'ms',
          samples: taken.loads2,
          against: [{ name: EXECNET, samples: taken.pythonLoads }],
        }),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function record(i: number): Record<string, unknown> {
  return {
    id: i,
    name: `Person number ${i}`,
    email: `person.${i}@example.org`,
    active: i % 3 === 0,
    score: i / 7,
    tags: ['alpha', 'beta', `group-${i % 10}`],
    address: { street: `${i} High Street`, city: 'Freiburg', zip: 79000 + (i % 100) },
  };
}
