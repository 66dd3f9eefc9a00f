// Functions as an author writes them in TypeScript, to be compiled by whatever runs this file. Prints what became of them.
import { type Channel, makeGateway, type RemoteError } from 'execnet';

interface Point {
  readonly x: number;
  readonly y: number;
}

const gateway = await makeGateway(process.argv[2]);

const named = await gateway.call(
  async <T extends Point>({ x, y = 0 }: T, scale: number = 2): Promise<[number, string[]]> => {
    const inner = (point: Point): number => (point.x + point.y) * scale;
    function declared<U>(value: U): U {
      return value;
    }
    class Held {
      static label: string = 'label';
      private readonly own: number = 1;
      public get value(): number {
        return this.own;
      }
    }
    const shorthand = {
      method(value?: number): number {
        return value!;
      },
    };
    const { basename } = await import('node:path');
    return [
      inner({ x, y } as Point) + declared<number>(1) + new Held().value + shorthand.method(0),
      [inner.name, declared.name, Held.name, Held.label, shorthand.method.name, basename('/a/b')],
    ];
  },
  { x: 1, y: 2 },
);

const channel = gateway.remoteExec(async (channel: Channel<Point, number>): Promise<void> => {
  for await (const { x, y } of channel) await channel.send(x * (y as number));
});
await channel.send({ x: 6, y: 7 });
const streamed = await channel.receive();
channel.close();

/** Where the error says that it was thrown: `author.ts:12`. */
async function placeOf(failing: Promise<unknown>): Promise<string> {
  const error = await failing.then(
    () => new Error('it did not fail'),
    (error: RemoteError) => error,
  );
  return /author\.ts:\d+/.exec(error.stack ?? '')?.[0] ?? String(error.stack);
}

const places = [
  await placeOf(
    gateway.call(() => {
      throw new Error('LINE A');
    }),
  ),
  await placeOf(
    gateway.call(
      async (point: Point): Promise<never> => {
        interface Unused {
          readonly takes: 'some lines that compilers take out';
        }
        const unused: Unused | undefined = undefined;
        await unused;
        throw new TypeError(`LINE B ${point.x}`);
      },
      { x: 1, y: 2 },
    ),
  ),
  await placeOf(
    gateway
      .remoteExec(function outer(channel: Channel<never, number>): void {
        type Also = { readonly gone: true };
        const inner = (value: Also | number): void => {
          void channel.send(value as number);
          throw new RangeError('LINE C');
        };
        inner(1);
      })
      .waitClose(),
  ),
];

console.log(JSON.stringify({ named, streamed, places }));
await gateway.terminate();
