import { transportSuite } from '@execnet/conformance';
import { popen } from 'execnet';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { TransportGroup } from './fixtures/transports.ts';

const { kind, path } = runningInterpreter();

transportSuite(
  'popen',
  new TransportGroup({ name: 'popen', transport: popen(), spec: { popen: true, [kind]: path } }),
);
