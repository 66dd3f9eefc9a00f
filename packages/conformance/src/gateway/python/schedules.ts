import { testSchedules } from '../schedules.ts';
import { type PythonFixture, PythonTests } from './python-tests.ts';

/** Answers items with their sizes, so many of them, or until no more come. */
const ANSWER_SIZES = `
taken = 0
while taken < args:
    try:
        item = channel.receive()
    except EOFError:
        break
    channel.send(len(item))
    taken += 1
`;

/** The same as for JavaScript, with Python at the remote end. */
export function pythonScheduleSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'schedules', fixture);
  testSchedules(tests, (gateway, takes) => gateway.remoteExec(ANSWER_SIZES, takes));
  tests.run();
}
