import { pythonGreenletSuite } from '@execnet/conformance';
import { greenletsOf, pythonFixture, sharedPythons, withoutPython } from './fixtures/pythons.ts';

if (sharedPythons.length === 0) withoutPython();
for (const python of sharedPythons)
  pythonGreenletSuite(python.name, { ...pythonFixture(python), greenlets: greenletsOf(python) });
