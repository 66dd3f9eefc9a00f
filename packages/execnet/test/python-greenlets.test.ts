import { pythonGreenletSuite } from '@execnet/conformance';
import { greenletsOf, pythonFixture, remotePythons, withoutPython } from './fixtures/pythons.ts';

if (remotePythons.length === 0) withoutPython();
for (const python of remotePythons)
  pythonGreenletSuite(python.name, { ...pythonFixture(python), greenlets: greenletsOf(python) });
