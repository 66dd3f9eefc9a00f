import { pythonEndingSuite } from '@execnet/conformance';
import { onEveryPython, sharedPythons } from './fixtures/pythons.ts';

onEveryPython(pythonEndingSuite, sharedPythons);
