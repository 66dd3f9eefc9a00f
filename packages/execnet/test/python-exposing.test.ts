import { pythonExposingSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonExposingSuite);
