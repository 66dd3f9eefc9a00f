// What the local end has a part in, with the Python that is there first: how code, values and errors get to a remote end in Python and back.
import {
  pythonChannelSuite,
  pythonErrorSuite,
  pythonExecutingSuite,
  pythonFlowSuite,
  pythonMultiChannelSuite,
  pythonPrintSuite,
  pythonStringSuite,
  pythonValueSuite,
} from '@execnet/conformance';
import { pythonFixture, usualPython, withoutPython } from './fixtures/pythons.ts';

if (usualPython === undefined) withoutPython();
else {
  const fixture = pythonFixture(usualPython);
  for (const suite of [
    pythonExecutingSuite,
    pythonChannelSuite,
    pythonErrorSuite,
    pythonFlowSuite,
    pythonMultiChannelSuite,
    pythonPrintSuite,
    pythonStringSuite,
    pythonValueSuite,
  ])
    suite(usualPython.name, fixture);
}
