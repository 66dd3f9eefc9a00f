import {
  blockingSuite,
  callbackSuite,
  cancellingSuite,
  channelSuite,
  errorSuite,
  executingSuite,
  fileSuite,
  iterationSuite,
  multiChannelSuite,
  nestedChannelSuite,
  statusSuite,
  valueSuite,
  workerModelSuite,
} from '@execnet/conformance';
import { bun, deno, Group, node, type SpecObject } from 'execnet';
import { type Interpreter, runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { remoteEnds } from './fixtures/interpreters.ts';

const PLUGINS = { node, bun, deno };

/** What holds for gateways of any model. */
const SUITES = [
  blockingSuite,
  callbackSuite,
  cancellingSuite,
  channelSuite,
  errorSuite,
  executingSuite,
  fileSuite,
  iterationSuite,
  multiChannelSuite,
  nestedChannelSuite,
  statusSuite,
  valueSuite,
];

function fixtureOf({ kind, path }: Interpreter, group: Group) {
  return {
    makeGateway: (fields: SpecObject = {}) =>
      group.makeGateway({ popen: true, [kind]: path, execmodel: 'worker', ...fields }),
    isolated: true,
  };
}

for (const interpreter of remoteEnds) {
  const fixture = fixtureOf(interpreter, new Group());
  workerModelSuite(interpreter.name, fixture, PLUGINS[interpreter.kind]().supports);
  // the rest where threads start fast: Deno takes 0.6 s for each, and this is a thread for each of 400 executions
  if (interpreter.name !== runningInterpreter().name || interpreter.kind === 'deno') continue;
  for (const suite of SUITES) suite(`${interpreter.name} worker`, fixture);
}
