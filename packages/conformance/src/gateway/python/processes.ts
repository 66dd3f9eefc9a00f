import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { processTests } from '../processes.ts';
import { type PythonFixture, PythonTests } from './python-tests.ts';

/** `spawn` and `connect`: processes and ports on the machine of the remote end, which is this one. */
export function pythonProcessSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'processes and ports', fixture);
  if (fixture.runtime === 'jython') {
    tests.test('Jython has neither, and says so', async (gateway) => {
      const asked = [() => gateway.spawn('true'), () => gateway.connect({ path: '/no/such/socket' })];
      for (const ask of asked) assert.is((await failureOf(ask())).code, 'ERR_EXECNET_UNSUPPORTED');
    });
  } else processTests(tests, { spin: 'while True: pass' });
  tests.run();
}
