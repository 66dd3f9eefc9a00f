// Functions as an author writes them in TypeScript, to be compiled by whatever runs this file. Prints what becomes of them on each spec given.
import { type Channel, type Gateway, makeGateway, type RemoteError } from 'execnet';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Compilers rename variables of functions that have the name of one of the module. */
export const channel = 'of the module';

/** Where the error says that it was thrown: `author.ts:12`. */
async function placeOf(failing: Promise<unknown>): Promise<string> {
  const error = await failing.then(
    () => new Error('it did not fail'),
    (error: RemoteError) => error,
  );
  return /author\.ts:\d+/.exec(error.stack ?? '')?.[0] ?? String(error.stack);
}

async function demonstrate(gateway: Gateway): Promise<object> {
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
  const products = gateway.remoteExec(async (channel: Channel<Point, number>): Promise<void> => {
    for await (const { x, y } of channel) await channel.send(x * (y as number));
  });
  await products.send({ x: 6, y: 7 });
  const streamed = await products.receive();
  products.close();
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
          await Promise.resolve(point as Point | Unused);
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
          // twice, so that no compiler puts it in where it is used
          if (channel.id > 0) inner(1);
          inner(2);
        })
        .waitClose(),
    ),
  ];
  return { named, streamed, places };
}

const seen: object[] = [];
for (const spec of process.argv.slice(2)) {
  const gateway = await makeGateway(spec);
  seen.push(await demonstrate(gateway));
  await gateway.terminate();
}
console.log(JSON.stringify(seen));
