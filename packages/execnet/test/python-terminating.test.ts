import { pythonTerminatingSuite } from '@execnet/conformance';
import { onEveryPython, sharedPythons } from './fixtures/pythons.ts';

onEveryPython(pythonTerminatingSuite, sharedPythons);
