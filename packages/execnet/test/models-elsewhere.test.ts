import * as conformance from '@execnet/conformance';
import type { SpecObject } from 'execnet';
import { ends } from '../../../tools/lib/combinations.mjs';
import { greenletsOf, usualPython } from './fixtures/pythons.ts';
import { type Model, OTHER_MODELS } from './fixtures/suites.ts';
import { interpretersOfRun, local, spread, test, wanting } from './fixtures/tests.ts';
import { startWays } from './fixtures/ways.ts';

/** The end of channels under the models besides `thread`, elsewhere than on the interpreter that runs this: over ssh, through other gateways, on the oldest Node, in Python. */
const { to, testEnd } = await startWays();

const nodes = interpretersOfRun.remotes.filter(({ kind }) => kind === 'node');
const [oldest] = ends(nodes, ({ kind }) => kind);

/** A model, and a way to remote ends of an interpreter: of the one that runs this, unless it is named. */
interface Crossing {
  readonly transport: string;
  readonly execmodel: string;
  readonly remote?: { readonly name: string; readonly spec: SpecObject };
}

const own: Crossing[] = [
  { transport: 'ssh', execmodel: 'worker' },
  { transport: 'ssh', execmodel: 'main_thread_only' },
  { transport: 'ssh_client=openssh', execmodel: 'structured' },
  { transport: 'popen via ssh', execmodel: 'worker' },
  { transport: 'popen via python', execmodel: 'main_thread_only' },
  { transport: 'popen via popen', execmodel: 'structured' },
];
if (oldest !== undefined && oldest.name !== local) {
  const remote = { name: oldest.name, spec: { node: oldest.path } };
  for (const execmodel of Object.keys(OTHER_MODELS)) own.push({ transport: 'popen', execmodel, remote });
}

const inPython: Crossing[] = [];
if (usualPython !== undefined) {
  const { name, path } = usualPython;
  const transports = ['ssh', 'popen via popen', 'ssh_client=openssh'];
  for (const execmodel of ['main_thread_only', ...greenletsOf(usualPython)])
    inPython.push({
      transport: transports.shift() ?? 'ssh',
      execmodel,
      remote: { name, spec: { python: path } },
    });
}

/** The default tier tries one of so many cases: other files try each model, and each way, with all of them. */
const SHARE = 9;

for (const { value, part } of spread(own, SHARE)) {
  const fixture = fixtureOf(value, part, OTHER_MODELS[value.execmodel as keyof typeof OTHER_MODELS]);
  if (fixture === undefined) continue;
  for (const suite of [
    conformance.cancellingSuite,
    conformance.closingSuite,
    conformance.fileSuite,
    conformance.garbageSuite,
    conformance.halfClosedSuite,
    conformance.iterationSuite,
    conformance.leftBehindSuite,
  ])
    suite(titleOf(value), fixture);
}
for (const { value, part } of spread(inPython, SHARE)) {
  const fixture = fixtureOf(value, part, {
    beside: value.execmodel === 'main_thread_only' ? 'never' : 'tasks',
  });
  if (fixture === undefined || usualPython === undefined) continue;
  const { version, runtime } = usualPython;
  for (const suite of [
    conformance.pythonCancellingSuite,
    conformance.pythonClosingSuite,
    conformance.pythonFileSuite,
    conformance.pythonGarbageSuite,
    conformance.pythonHalfClosedSuite,
    conformance.pythonLeftBehindSuite,
  ])
    suite(titleOf(value), { ...fixture, version, runtime });
}
test.run();
testEnd();

function titleOf({ transport, execmodel, remote }: Crossing): string {
  return [transport, remote?.name, execmodel].filter(Boolean).join(' ');
}

/** Undefined where this machine has no such way: that is told with the ways. */
function fixtureOf(
  { transport, execmodel, remote }: Crossing,
  part: Parameters<typeof wanting>[0],
  traits: Model,
): conformance.GatewayFixture | undefined {
  const way = to(remote?.spec)[transport];
  return (
    way && {
      ...way,
      ...traits,
      makeGateway: (fields = {}) => way.makeGateway({ execmodel, ...fields }),
      wants: wanting(part, { remote: remote?.name ?? local, transport, model: execmodel }),
    }
  );
}
