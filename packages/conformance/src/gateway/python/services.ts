import { serviceTests } from '../services.ts';
import { type PythonFixture, PythonTests } from './python-tests.ts';

/** `startService`: what packages run at remote ends beside executions. */
export function pythonServiceSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'services', fixture);
  serviceTests(tests, { spin: 'while True: pass' });
  tests.run();
}
