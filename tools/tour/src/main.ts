/**
 * The tour: starts a gateway on every interpreter that it finds, shows what can be done with each, and takes them all down again.
 *
 *   npm start [-- SPEC…]
 *
 * With arguments it visits these specs instead: `npm start -- popen//deno popen//node=/opt/node/bin/node`. Exit code 1 if any of them
 * failed, 130 after Ctrl-C.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Group } from 'execnet';
import { LiveLine } from './live-line.ts';
import { bar, failures, type Look, legend, results, stackLines, summary } from './report.ts';
import { painter, showsColour } from './style.ts';
import { targets } from './targets.ts';
import { Visit } from './visit.ts';

/** A visit takes about a second; an interpreter that has not answered after so many milliseconds hangs. */
const PATIENCE = 20_000;

/** What a table may take where there is no terminal. */
const PLAIN_WIDTH = 100;

const { stdout } = process;
const paint = painter(showsColour(stdout));
const look: Look = { paint, room: stdout.isTTY ? stdout.columns || 80 : PLAIN_WIDTH };
const say = (...lines: readonly string[]): void => {
  stdout.write(`${lines.join('\n')}\n`);
};

const group = new Group();
const live = new LiveLine(stdout);
const interrupted = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const code = 128 + constants.signals[signal];
    // asked twice: the exit hook of the group kills what is left
    if (interrupted.signal.aborted) process.exit(code);
    interrupted.abort(new Error(`interrupted by ${signal}`));
    live.clear();
    say('interrupted: taking everything down');
    void group
      .terminate({ timeout: 0 })
      .catch((error: Error) => say(error.message))
      .finally(() => process.exit(code));
  });
}

interface Phase {
  readonly name: string;
  /** All at once, or one after the other. */
  readonly together: boolean;
  step(visit: Visit): Promise<void>;
}

/** Does one step of all visits, and says how far that is. */
async function go({ name, together, step }: Phase, visits: readonly Visit[]): Promise<void> {
  const waiting = new Set(visits.filter(({ failure }) => failure === undefined));
  const total = waiting.size;
  if (total === 0 || interrupted.signal.aborted) return;
  const draw = (): void => {
    const names = [...waiting].slice(0, together ? total : 1).map((visit) => visit.name);
    const done = total - waiting.size;
    live.show([`${name} ${bar(done, total)} ${done}/${total}`, ...names].join('  '));
  };
  const one = async (visit: Visit): Promise<void> => {
    await step(visit);
    waiting.delete(visit);
    if (!interrupted.signal.aborted) draw();
  };
  live.show(name, { lasting: true });
  if (together) await Promise.all([...waiting].map(one));
  else for (const visit of waiting) await one(visit);
}

async function tour(visits: readonly Visit[]): Promise<void> {
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(PATIENCE)]);
  const phases: Phase[] = [
    { name: 'starting', together: true, step: (visit) => visit.start(group, signal) },
    // one after the other: a round trip is short, and the others would be measured with it
    { name: 'measuring round trips', together: false, step: (visit) => visit.measure() },
    { name: 'streaming', together: true, step: (visit) => visit.stream() },
    { name: 'throwing errors', together: true, step: (visit) => visit.throwError() },
    { name: 'terminating', together: true, step: (visit) => visit.end() },
  ];
  for (const phase of phases) await go(phase, visits);
  live.clear();
}

function report(visits: readonly Visit[]): void {
  if (!stdout.isTTY) say('');
  say(...results(visits, look), '');
  const fine = visits.find(({ failure }) => failure === undefined);
  if (fine) say(...legend(visits.length, look), '');
  const stacks = visits.filter(({ failure, stack }) => failure === undefined && stack !== undefined);
  const python = stacks.find(({ stack }) => stack?.includes('Traceback'));
  for (const { name, stack } of new Set([...stacks.slice(0, 1), ...(python ? [python] : [])])) {
    say(paint('bold', `An error of remote code, as its caller gets it (${name})`));
    say(...stackLines(stack as string, look), '');
  }
  say(...failures(visits, look), ...summary(visits, look));
}

const { version } = JSON.parse(
  readFileSync(new URL('../../../packages/execnet/package.json', import.meta.url), 'utf8'),
) as { version: string };
const here = `on Node ${process.versions.node}, ${process.platform} ${process.arch}`;
say(`${paint('bold', `execnet ${version}`)} ${paint('dim', here)}`, '');
const specs = process.argv.slice(2);
try {
  const visits = targets(specs).map((target) => new Visit(target));
  await tour(visits);
  if (!interrupted.signal.aborted) {
    report(visits);
    if (specs.length === 0 && visits.length === 1) {
      const hint =
        'No other interpreter was found. `npm run setup -- --test` brings Node 18 to 26, Bun and Deno.';
      say(paint('dim', hint));
    }
    if (visits.some(({ failure, left }) => failure || left.length > 0)) process.exitCode = 1;
  }
} catch (error) {
  live.clear();
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
