import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonSpecOf, runScenario, testScenarios, testWithPython } from './fixtures/execnet-python.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

testScenarios(
  'execnet_groups',
  {
    status: 'remote_status counts, whatever the code is doing',
    status_meanwhile: 'no execution is counted without its channel',
    side_by_side: 'as many executions beside each other as there are',
    multi_channel: 'a group, MultiChannel, receive_each, make_receive_queue',
    group_beside_python: 'JavaScript and Python in one group',
    terminate: 'terminate ends those that are idle, wait and spin',
    sent_while_it_ends: 'what is sent while it ends arrives',
    children: 'what remote code has started ends with it, and the master does not',
    unread: 'a master that reads no more can go on sending, and ends it',
    exit_and_join: 'exit and join',
    main_thread_only: 'execmodel=main_thread_only refuses a second execution while one runs',
    folder_gone: 'a remote end whose working folder is removed goes on',
    models_of_python: 'eventlet and gevent are served by threads',
    no_model: 'an execution model that is unknown is refused',
    default_group: 'a program that leaves its gateways to its exit ends',
  },
  sharedEnds,
);

for (const interpreter of sharedEnds) {
  const cleanUp = async (): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-'));
    try {
      await runScenario('execnet_groups', 'clean_up', [pythonSpecOf(interpreter), join(folder, 'file')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  testWithPython('what is terminated may clean up', cleanUp, interpreter.test);
}

test.run();
