// Has two gateways print, each with its id before every line. Argument: the spec.
import { Group } from 'execnet';

const group = new Group();
for (const id of ['first', 'gw é']) {
  const gateway = await group.makeGateway(`${process.argv[2]}//id=${id}//stdio=prefix`);
  await gateway
    .remoteExec(`
      console.log('one line');
      console.log('two\\nlines');
      process.stderr.write('an error, without an end');
    `)
    .waitClose();
}
await group.terminate();
