// Has gateways print much while the stderr of this program, where prints go, can't be written to. Arguments: their specs.
import { Group } from 'execnet';

const group = new Group();
for (const spec of process.argv.slice(2)) {
  const gateway = await group.makeGateway(spec);
  for (let round = 0; round < 5; round++) {
    await gateway.call((round) => {
      for (let line = 0; line < 20; line++) console.error(round, line, 'x'.repeat(1000));
    }, round);
  }
}
await group.terminate();
process.stdout.write('to the end');
