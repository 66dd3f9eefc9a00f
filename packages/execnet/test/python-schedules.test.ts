import { pythonScheduleSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonScheduleSuite);
