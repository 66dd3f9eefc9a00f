import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { MODELS, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { Program } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

/** Sends values of all kinds and prints, on the main thread and, where the model allows it, beside it. */
async function works(
  interpreter: Parameters<typeof specOf>[0],
  execmodel: (typeof MODELS)[number],
  ...fields: string[]
): Promise<void> {
  await using group = new Group();
  const gateway = await group.makeGateway(
    specOf(interpreter, 'stdio=ignore', `execmodel=${execmodel}`, ...fields),
  );
  const channels = Array.from({ length: execmodel === 'main_thread_only' ? 1 : 2 }, () =>
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
  for (const execmodel of MODELS)
    interpreter.test(`${execmodel}: a remote end with NODE_DEBUG works`, () =>
      works(interpreter, execmodel, 'env:NODE_DEBUG=*'),
    );
}

for (const interpreter of ownRemoteEnds.filter(({ kind }) => kind === 'node')) {
  for (const execmodel of MODELS)
    interpreter.test(`${execmodel}: a remote end whose intrinsics are frozen works`, () =>
      works({ ...interpreter, path: `${interpreter.path} --frozen-intrinsics` }, execmodel),
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
