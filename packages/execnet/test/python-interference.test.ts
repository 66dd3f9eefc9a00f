import { pythonInterferenceSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonInterferenceSuite);
