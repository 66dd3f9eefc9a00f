/**
 * Does everything at once, for a long time: gateways of each interpreter, execution model and transport come and go in lanes beside each other, and a few stay
 * for all of it, some behind logins that are slow and connections that change their keys all the time; each carries items of any size, calls, cancellations,
 * errors, nested channels, callbacks, prints, timeouts, streams, objects, processes, ports, alarms, clocks that stand still, folders that are deleted.
 *
 *     npm run stress -- [--minutes 60] [--lanes 4] [--seed 1] [--report 60]
 *
 * Fails with what hung, ended or answered wrongly, with what a gateway left running, and if memory grows from the second quarter of the time to the last.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Gateway, Group, hasCode } from 'execnet';
import { available } from '../../hosts/available.mjs';
import { isRunning } from '../../hosts/processes.mjs';
import { startSshd } from '../../hosts/sshd.mjs';
import { interpreters } from '../../lib/interpreters.mjs';
import { pythons } from '../../lib/pythons.mjs';
import { activityOf } from './process-activity.ts';
import { residentSize } from './process-memory.ts';
import { Chance, check, Hang, isLoss, JAVASCRIPT, type Job, LIMIT, PYTHON } from './stress-jobs.ts';

/** So much more memory may be in use in the last quarter than in the second, in MiB: a collector has not taken it yet. */
const SLACK = 40;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    lanes: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string', default: '60' },
  },
});
const duration = Number(values.minutes) * 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** One execution at a time is all that it takes. */
const isSingle = (gateway: Gateway): boolean => gateway.spec.core.execmodel === 'main_thread_only';

function jobsOf(gateway: Gateway): Record<string, Job> {
  const jobs = ['node', 'bun', 'deno'].includes(gateway.peer.runtime) ? JAVASCRIPT : PYTHON;
  if (!isSingle(gateway)) return jobs;
  // these leave something that goes on
  const { late: _late, dropped: _dropped, ...others } = jobs;
  return others;
}

/** Whether it goes on where its working folder is deleted. Deno starts no thread then, and says so; in CPython 3.13.0 each missing attribute of a module is a SystemError. */
const canBeHomeless = (spec: string): boolean => !spec.includes('deno=') && !spec.includes('3.13.0');

const done = new Map<string, number>();

async function perform(gateway: Gateway, chance: Chance): Promise<void> {
  const jobs = jobsOf(gateway);
  const name = chance.pick(Object.keys(jobs));
  const spec = gateway.spec.redacted();
  const started = performance.now();
  const hangs = new AbortController();
  const hung = after(LIMIT, undefined, { signal: hangs.signal }).then(
    () => Promise.reject(new Hang(`${name} on ${spec} hangs\n${activityOf(gateway.peer.pid)}`)),
    () => {},
  );
  try {
    await Promise.race([(jobs[name] as Job)(gateway, chance), hung]);
  } catch (error) {
    if (isLoss(error)) throw error;
    throw new Error(
      `${name} on ${spec}, ${Math.round(performance.now() - started)} ms: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  } finally {
    hangs.abort();
  }
  done.set(name, (done.get(name) ?? 0) + 1);
}

/** Takes its time, so that what is printed waits. */
function readSlowly({ stdout, stderr }: Gateway): void {
  for (const stream of [stdout, stderr])
    stream?.on('data', () => {
      stream.pause();
      setTimeout(() => stream.resume(), 20);
    });
}

/** Makes a gateway, has it do some things beside each other, ends it in one of the ways that there are. */
async function round(specs: readonly string[], chance: Chance): Promise<void> {
  await using group = new Group();
  const first = chance.pick(specs);
  const stdio = chance.pick(['ignore', 'pipe']);
  // the folder in which it runs is deleted under it, as tests in temporary folders do
  const isHomeless = chance.below(4) === 0;
  const folder =
    isHomeless && canBeHomeless(first) ? mkdtempSync(join(tmpdir(), 'execnet-stress-')) : undefined;
  const where = folder === undefined ? '' : `//chdir=${folder}`;
  const gateways = [
    await group.makeGateway(`${first}//stdio=${stdio}//id=first${where}`, { timeout: LIMIT }),
  ];
  if (folder !== undefined) rmdirSync(folder);
  readSlowly(gateways[0] as Gateway);
  if (chance.below(4) === 0)
    gateways.push(
      await group.makeGateway(
        `${chance.pick(specs.filter((one) => one.startsWith('popen') && (folder === undefined || canBeHomeless(one))))}//stdio=ignore//via=first`,
        {
          timeout: LIMIT,
        },
      ),
    );
  const pids = gateways.map(({ peer }) => peer.pid);
  let ending = false;
  const work = gateways.flatMap((gateway) =>
    Array.from({ length: isSingle(gateway) ? 1 : 1 + chance.below(4) }, async () => {
      try {
        for (let n = chance.below(6); n >= 0; n--) await perform(gateway, chance);
      } catch (error) {
        // what is ended on purpose may answer in part, but it has to answer
        if (!ending || error instanceof Hang) throw error;
      }
    }),
  );
  const all = Promise.all(work);
  all.catch(() => {});
  const way = chance.below(5);
  if (way === 0) {
    await Promise.race([all, after(chance.below(500))]);
    ending = true;
    process.kill(chance.pick(pids), 'SIGKILL');
  } else if (way === 1) {
    await Promise.race([all, after(chance.below(500))]);
    ending = true;
  } else await all;
  try {
    await group.terminate({ timeout: chance.pick([0, 200, 5000]) });
  } catch (error) {
    // with the middle its word is gone; the far side ends by itself
    if (way !== 0 || !hasCode(error, 'ERR_EXECNET_TERMINATE')) throw error;
  }
  await all;
  for (let looks = way === 0 ? 100 : 1; pids.some(isRunning) && looks > 1; looks--) await after(100);
  const left = pids.filter(isRunning);
  check(left.length === 0, `${first}: ${left.join(', ')} still run`);
}

/** Memory that the processes of gateways and this one have in use, in MiB. */
function memoryOf(gateways: readonly Gateway[]): Map<string, number> {
  collect();
  const used = new Map([
    ['local', process.memoryUsage().heapUsed / 2 ** 20 + process.memoryUsage().external / 2 ** 20],
  ]);
  for (const gateway of gateways) {
    used.set(gateway.spec.redacted(), (residentSize(gateway.peer.pid) ?? 0) / 2 ** 20);
  }
  return used;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** The processes that have grown from the second quarter of the samples to the last. */
function growth(samples: readonly Map<string, number>[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return [];
  return [...(samples[0]?.keys() ?? [])].flatMap((name) => {
    const of = (part: readonly Map<string, number>[]): number =>
      median(part.map((one) => one.get(name) ?? 0));
    const before = of(samples.slice(quarter, 2 * quarter));
    const now = of(samples.slice(-quarter));
    return now > before + SLACK ? [`${name}: ${before.toFixed(0)} MiB, then ${now.toFixed(0)}`] : [];
  });
}

const paths = interpreters().map(({ kind, path }) => `${kind}=${path}`);
const models = [
  '',
  '//threads=1',
  '//execmodel=main_thread_only',
  '//execmodel=worker',
  '//execmodel=structured',
];
const pythonPaths = pythons()
  .filter(({ runtime }) => runtime !== 'jython')
  .map(({ path }) => `python=${path}`);
/** A module of a model that works there; to import one is not enough. */
const hasGreenlets = (path: string, model: string): boolean =>
  spawnSync(path, ['-c', `import ${model}; ${model}.sleep(0)`], { stdio: 'ignore' }).status === 0;
const pythonModels = (python: string): string[] => [
  '',
  'main_thread_only',
  ...['eventlet', 'gevent'].filter((model) => hasGreenlets(python.slice('python='.length), model)),
];
const { sshd } = available();
await using host = sshd ? await startSshd({ alias: 'host' }) : undefined;
// new keys all the time, behind shells that take their time
await using slow = sshd
  ? await startSshd({ alias: 'slow', shell: 'bash', rc: 'sleep 1.5', extra: ['RekeyLimit 1M'] })
  : undefined;
const places = [
  'popen',
  ...[host, slow].flatMap((server) => {
    if (server === undefined) return [];
    const { alias, config } = server;
    const options = server === slow ? '-o Compression=yes ' : '';
    return ['ssh2', 'openssh'].map(
      (client) => `ssh=${options}${alias}//ssh_config=${config}//ssh_client=${client}`,
    );
  }),
];
const specs = places.flatMap((place) => [
  ...paths.flatMap((path) => models.map((model) => `${place}//${path}${model}`)),
  ...pythonPaths.flatMap((path) =>
    pythonModels(path).map((model) => `${place}//${path}${model && `//execmodel=${model}`}`),
  ),
]);
console.log(
  `${specs.length} kinds of gateways; seed ${values.seed}, ${values.lanes} lanes, ${values.minutes} minutes`,
);

await using staying = new Group();
const stayers = await staying.makeGateways(
  [...paths, ...pythonPaths].filter((_, n) => n % 2 === 0).map((path) => `popen//${path}//stdio=ignore`),
);
const started = performance.now();
const over = (): boolean => performance.now() - started > duration;
let rounds = 0;
let failed = false;
const lanes = Array.from({ length: Number(values.lanes) }, async (_, lane) => {
  const chance = new Chance(Number(values.seed) * 1000 + lane);
  while (!over() && !failed) {
    await round(specs, chance);
    rounds++;
  }
});
const stay = stayers.map(async (gateway, index) => {
  const chance = new Chance(Number(values.seed) * 1000 + 500 + index);
  while (!over() && !failed) {
    await perform(gateway, chance);
    await after(chance.below(200));
  }
});
const samples: Map<string, number>[] = [];
const watch = (async () => {
  while (!over() && !failed) {
    await after(Number(values.report) * 1000);
    const used = memoryOf(stayers);
    samples.push(used);
    const jobs = [...done.values()].reduce((sum, count) => sum + count, 0);
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    console.log(
      `${minutes} min: ${rounds} rounds, ${jobs} jobs; MiB: ${[...used.values()].map(Math.round).join(' ')}`,
    );
  }
})();
try {
  await Promise.all([...lanes, ...stay]);
} catch (error) {
  failed = true;
  console.error(error);
  process.exitCode = 1;
}
await watch.catch((error: unknown) => console.error(error));
const grown = growth(samples);
for (const one of grown) console.error(`memory grows: ${one}`);
if (grown.length > 0) process.exitCode = 1;
await staying.terminate();
console.log([...done].map(([name, count]) => `${name} ${count}`).join(', '));
console.log(process.exitCode ? 'failed' : `passed: ${rounds} gateways`);
