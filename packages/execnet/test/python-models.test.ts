// What holds for gateways of any model, under those that have no file of their own.
import * as conformance from '@execnet/conformance';
import { generalShare } from '../../../tools/lib/suites.mjs';
import { greenletsOf, pythonFixture, usualPython, withoutPython } from './fixtures/pythons.ts';
import { interpretersOfRun, spread, tier, wanting, withTests } from './fixtures/tests.ts';

const suites = [
  conformance.pythonCancellingSuite,
  conformance.pythonClosingSuite,
  conformance.pythonErrorSuite,
  conformance.pythonExecutingSuite,
  conformance.pythonExposingSuite,
  conformance.pythonFileSuite,
  conformance.pythonGarbageSuite,
  conformance.pythonHalfClosedSuite,
  conformance.pythonInterferenceSuite,
  conformance.pythonLeftBehindSuite,
  conformance.pythonProcessSuite,
  conformance.pythonScheduleSuite,
  conformance.pythonServiceSuite,
  conformance.pythonSignalSuite,
  conformance.pythonStatusSuite,
  conformance.pythonStreamSuite,
];

if (usualPython === undefined) withoutPython();
else
  for (const python of tier === 'all' ? interpretersOfRun.pythons : [usualPython])
    for (const { value: execmodel, part } of spread(
      ['main_thread_only', ...greenletsOf(python)],
      generalShare,
    )) {
      const fixture = pythonFixture(withTests({ value: python, part }));
      for (const suite of suites)
        suite(`${python.name} ${execmodel}`, {
          ...fixture,
          wants: wanting(part, { remote: python.name, model: execmodel }),
          beside: execmodel === 'main_thread_only' ? 'never' : 'tasks',
          makeGateway: (fields) => fixture.makeGateway({ execmodel, ...fields }),
        });
    }
