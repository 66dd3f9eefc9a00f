import * as assert from 'uvu/assert';
import { BareRemoteEnd } from './fixtures/bare-remote-end.ts';
import { ownRemoteEnds } from './fixtures/interpreters.ts';
import { CODE, frame, item } from './fixtures/mutations.mjs';
import { isRunning, stillRunning } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

/** The promise is 2 s; a busy machine gets a margin. */
const LIMIT = 4000;

const CHILDREN = `
  const { spawn } = require('node:child_process');
  const child = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const grandchild = String(await new Promise((resolve) => child.stdout.once('data', resolve))).trim();
  channel.sendSync('pids:' + child.pid + ',' + grandchild + ';');
`;

const SCENARIOS = {
  'while its code spins': 'for (;;);',
  'whose code exits then': 'try { channel.receiveSync() } finally { process.exit(0) }',
  'whose code fails then':
    'setTimeout(async () => { await channel.receive() }, 1); await new Promise(() => {})',
  'with nothing left to do': '',
};

for (const interpreter of ownRemoteEnds) {
  for (const [scenario, code] of Object.entries(SCENARIOS)) {
    interpreter.test(
      `a remote end in the process group of another takes only its children along, ${scenario}`,
      async () => {
        await using remote = await BareRemoteEnd.boot(interpreter, { detached: false });
        const request = { kind: 'function', text: `(async (channel) => {${CHILDREN}${code}})`, args: null };
        remote.input.write(frame(CODE.CHANNEL_EXEC, 1, item(request)));
        await remote.hears((said) => Buffer.from(said).includes(';'));
        const [, listed = ''] = /pids:([\d,]+);/.exec(Buffer.from(remote.said).toString('latin1')) ?? [];
        const pids = listed.split(',').map(Number);
        assert.is(pids.length, 2);
        assert.ok(pids.every(isRunning));
        remote.lose();
        assert.equal(await stillRunning([remote.child.pid as number, ...pids], LIMIT), []);
      },
    );
  }
}

test.run();
