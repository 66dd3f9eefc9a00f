import type { Channel } from 'execnet';
import type { RemoteCode } from './remote-code.ts';

/** Functions, whose arguments and results are typed: `product` is a number. */
export const javascript: RemoteCode = {
  product: (gateway) => gateway.call(({ a, b }: { a: number; b: number }) => a * b, { a: 6, b: 7 }),
  // written straight down
  echo: (gateway) =>
    gateway.remoteExec((channel: Channel<number, number>) => {
      for (const item of channel.sync()) channel.sendSync(item);
    }),
  items: (gateway, { progress, count, size }) =>
    gateway.remoteExec(
      async (
        channel: Channel<never, Uint8Array>,
        { progress, count, size }: { progress: Channel<never, number>; count: number; size: number },
      ) => {
        for (let i = 0; i < count; i++) {
          await channel.send(new Uint8Array(size).fill(i));
          await progress.send(i + 1);
        }
      },
      { progress, count, size },
    ),
  fail: (gateway) =>
    gateway.call(
      function loadSettings({ file }: { file: string }) {
        function parse(text: string): unknown {
          throw new RangeError(`${file}: port ${text} is out of range`);
        }
        const port = parse('70000');
        return { file, port };
      },
      { file: 'settings.json' },
    ),
  startChild: (gateway) =>
    gateway.call(async () => {
      const { spawn } = await import('node:child_process');
      const child = spawn('sleep', ['600'], { stdio: 'ignore' });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      return child.pid as number;
    }),
};
