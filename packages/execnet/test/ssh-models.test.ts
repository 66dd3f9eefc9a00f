import * as conformance from '@execnet/conformance';
import { type Model, OTHER_MODELS } from './fixtures/suites.ts';
import { spread, test, wanting } from './fixtures/tests.ts';
import { startWays } from './fixtures/ways.ts';

/** How channels end under the models besides `thread`, over ssh and through other gateways. */
const { ways, testEnd } = await startWays();

/** Each of them over ways of either kind. */
const CROSSED = [
  ['ssh', 'worker'],
  ['ssh', 'main_thread_only'],
  ['ssh_client=openssh', 'structured'],
  ['popen via ssh', 'worker'],
  ['popen via python', 'main_thread_only'],
  ['popen via popen', 'structured'],
] as const;

const SUITES = [
  conformance.cancellingSuite,
  conformance.closingSuite,
  conformance.fileSuite,
  conformance.garbageSuite,
  conformance.halfClosedSuite,
];

/** The default tier tries one of so many cases: other files try each model, and each way, with all of them. */
const SHARE = 6;

for (const { value, part } of spread(CROSSED, SHARE)) {
  const [transport, model] = value;
  const way = ways[transport];
  // what is missing on this machine is told with the ways
  if (way === undefined) continue;
  const { execmodel, ...traits }: Model = OTHER_MODELS[model];
  const fixture: conformance.GatewayFixture = {
    ...way,
    ...traits,
    makeGateway: (fields = {}) => way.makeGateway({ execmodel, ...fields }),
    wants: wanting(part, { transport, model }),
  };
  for (const suite of SUITES) suite(`${transport} ${model}`, fixture);
}
test.run();
testEnd();
