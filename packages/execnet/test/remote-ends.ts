import type { GatewayFixture } from '@execnet/conformance';
import { Group, type SpecObject } from 'execnet';
import { type Interpreter, interpreters } from '../../../tools/lib/interpreters.mjs';

/** A remote end that popen starts on one of the interpreters found. */
export interface RemoteEnd extends GatewayFixture {
  readonly interpreter: Interpreter;
}

/** One for each interpreter. */
export const remoteEnds: readonly RemoteEnd[] = interpreters().map((interpreter) => {
  const group = new Group();
  return {
    interpreter,
    makeGateway: (fields: SpecObject = {}) =>
      group.makeGateway({ popen: true, [interpreter.kind]: interpreter.path, ...fields }),
  };
});

/** Runs a suite for every remote end. */
export function onEveryRemoteEnd(suite: (name: string, fixture: RemoteEnd) => void): void {
  for (const end of remoteEnds) suite(end.interpreter.name, end);
}
