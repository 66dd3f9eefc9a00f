import type { Service } from '@execnet/core/plugin';
import * as assert from 'uvu/assert';
import { serviceTests } from '../services.ts';
import { type PythonFixture, PythonTests } from './python-tests.ts';

/** `startService`: what packages run at remote ends beside executions. */
export function pythonServiceSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'services', fixture);
  serviceTests(tests, { spin: 'while True: pass' });

  tests.test('an execution finds itself by its name while services come and go', async (gateway) => {
    const channel = gateway.remoteExec<boolean>(`import sys
for _ in channel: channel.send(sys.modules[__name__].__dict__ is globals())`);
    const looks = async (): Promise<boolean> => {
      await channel.send(null);
      return await channel.receive();
    };
    assert.is(await looks(), true);
    const service = await gateway.startService(WAITS);
    assert.is(await looks(), true);
    await service.end();
    await service.waitClose();
    assert.is(await looks(), true);
    await channel.end();
    await channel.waitClose();
  });
  tests.run();
}

const WAITS: Service = {
  name: 'that waits',
  programs: { python: () => 'def serve(channel, args):\n    for _ in channel: pass' },
};
