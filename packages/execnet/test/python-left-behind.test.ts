import { pythonLeftBehindSuite } from '@execnet/conformance';
import { onEveryPython } from './fixtures/pythons.ts';

onEveryPython(pythonLeftBehindSuite);
