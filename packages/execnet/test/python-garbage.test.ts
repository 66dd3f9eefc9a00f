import { pythonGarbageSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonGarbageSuite);
