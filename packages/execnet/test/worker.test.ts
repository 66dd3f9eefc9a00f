import { workerModelSuite } from '@execnet/conformance';
import { bun, deno, node } from 'execnet';
import { ownRemoteEnds } from './fixtures/interpreters.ts';
import { fixtureOf } from './fixtures/suites.ts';

const PLUGINS = { node, bun, deno };

for (const interpreter of ownRemoteEnds) {
  const fixture = fixtureOf(interpreter, { execmodel: 'worker', isolated: true });
  workerModelSuite(interpreter.name, fixture, PLUGINS[interpreter.kind]().supports);
}
