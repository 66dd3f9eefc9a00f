import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pythonSpecOf, runScenario, testScenarios, testWithPython } from './fixtures/execnet-python.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

testScenarios('execnet_spec', {
  no_bytecode: 'dont_write_bytecode is accepted',
  through_python: 'via= a gateway of Python',
  folder_gone: 'it goes on without its working folder',
  input_is_empty: 'stdin of the code is empty',
  another_source: 'a source that begins as a known one is JavaScript like any other',
});

for (const interpreter of sharedEnds) {
  const { kind, path } = interpreter;
  const spec = pythonSpecOf(interpreter);

  const told = async (): Promise<void> => {
    await runScenario('execnet_spec', 'information', [spec, kind, path]);
  };
  testWithPython('_rinfo() tells of the interpreter', told, interpreter.test);

  testWithPython(
    `chdir=, nice= and env: hold for the code, its threads and its processes`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'execnet-'));
      try {
        await runScenario('execnet_spec', 'configuration', [spec, folder]);
        await runScenario('execnet_spec', 'configuration_refused', [spec, folder]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    interpreter.test,
  );

  const printed = async (): Promise<void> => {
    const { stderr } = await runScenario('execnet_spec', 'printed', [spec]);
    for (const source of [
      'console.log',
      'process.stdout',
      'console.error',
      'a child',
      'descriptor 1',
      'a thread',
    ])
      assert.match(stderr, `from ${source}\n`);
  };
  testWithPython('what is printed goes to stderr', printed, interpreter.test);
}

test.run();
