import { pythonHalfClosedSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonHalfClosedSuite);
