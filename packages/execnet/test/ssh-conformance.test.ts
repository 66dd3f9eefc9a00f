import { generalShare, transports } from '../../../tools/lib/suites.mjs';
import { runGeneralSuitesOver } from './fixtures/suites.ts';
import { spread, test, wanting } from './fixtures/tests.ts';
import { startWays } from './fixtures/ways.ts';

/** Over each way to a remote end what holds for gateways of any kind. */
const { to, testEnd } = await startWays();

const ways = Object.entries(to()).filter(([transport]) => transports.includes(transport));
for (const { value, part } of spread(ways, generalShare)) {
  const [transport, way] = value;
  runGeneralSuitesOver(transport, { ...way, wants: wanting(part, { transport }) });
}
test.run();
testEnd();
