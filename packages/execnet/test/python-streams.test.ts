import { pythonStreamSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonStreamSuite);
