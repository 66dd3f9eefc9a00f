import { workerModelSuite } from '@execnet/conformance';
import { bun, deno, node } from 'execnet';
import { remoteEnds } from './fixtures/interpreters.ts';
import { fixtureOf } from './fixtures/models.ts';

const PLUGINS = { node, bun, deno };

for (const interpreter of remoteEnds) {
  const fixture = fixtureOf(interpreter, { execmodel: 'worker', isolated: true });
  workerModelSuite(interpreter.name, fixture, PLUGINS[interpreter.kind]().supports);
}
