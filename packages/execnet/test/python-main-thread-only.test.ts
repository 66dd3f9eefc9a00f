import { pythonMainThreadOnlySuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonMainThreadOnlySuite);
