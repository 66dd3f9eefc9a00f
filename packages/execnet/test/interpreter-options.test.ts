import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { Program } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

/** Sends values of all kinds and prints, on the main thread and beside it. */
async function works(...spec: Parameters<typeof specOf>): Promise<void> {
  await using group = new Group();
  const gateway = await group.makeGateway(specOf(...spec));
  const channels = [1, 2].map(() =>
    gateway.remoteExec(async (channel: Channel<unknown, unknown>) => {
      console.log('printed');
      process.stderr.write('printed\n');
      for await (const item of channel) await channel.send(item);
    }),
  );
  for (const channel of channels) {
    await channel.send(new RangeError('as it is'));
    assert.instance(await channel.receive(), RangeError);
    await channel.end();
  }
  for (const channel of channels) await channel.waitClose();
}

for (const interpreter of ownRemoteEnds) {
  // what Node says of itself is printed by what is made when it is first used
  for (const execmodel of ['thread', 'worker'])
    interpreter.test(`${execmodel}: a remote end with NODE_DEBUG works`, () =>
      works(interpreter, 'stdio=ignore', 'env:NODE_DEBUG=*', `execmodel=${execmodel}`),
    );
}

for (const interpreter of ownRemoteEnds.filter(({ kind }) => kind === 'node')) {
  interpreter.test('a remote end whose intrinsics are frozen works', () =>
    works({ ...interpreter, path: `${interpreter.path} --frozen-intrinsics` }, 'stdio=ignore'),
  );
}

if (!process.versions['bun'] && !process.versions['deno'])
  test('a local end whose intrinsics are frozen works', async () => {
    const text = `
      import { makeGateway } from 'execnet';
      const gateway = await makeGateway('popen');
      const channel = gateway.remoteExec((channel) => channel.send(new RangeError('as it is')));
      console.log(String(await channel.receive()));
      await gateway.terminate();
    `;
    const args = ['--frozen-intrinsics', '--input-type=module', '-e', text];
    await using program = new Program(process.execPath, args, {
      cwd: dirname(fileURLToPath(import.meta.url)),
    });
    const { code, stdout, stderr } = await program.ended;
    assert.is(code, 0, stderr);
    assert.is(stdout, 'RangeError: as it is\n');
  });

test.run();
