import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

/** Node's module for the web's kind of events, requests and forms, which nothing else needs: it takes as long to load as Node to start. */
const WEB = 'internal/deps/undici/undici';

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of ['thread', 'worker']) {
    interpreter.test(`${execmodel}: threads are woken without loading Node's web world`, async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, `execmodel=${execmodel}`));
      // on the main thread, and on another where there is one: each is woken by what arrives while it waits
      const channels = [1, 2].map(() =>
        gateway.remoteExec(async (channel: Channel<string, string[]>) => {
          const { moduleLoadList = [] } = process as { moduleLoadList?: string[] };
          for await (const name of channel)
            await channel.send(moduleLoadList.filter((one) => one.includes(name)));
        }),
      );
      for (let round = 0; round < 3; round++)
        for (const channel of channels) {
          await channel.send(WEB);
          // longer than a thread lingers before it gives itself back to its event loop
          await new Promise((resolve) => setTimeout(resolve, 20));
          assert.equal(await channel.receive(), []);
        }
    });
  }
}

test.run();
