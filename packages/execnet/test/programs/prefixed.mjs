// Has two gateways print, each with its id before every line. Arguments: the spec, and that of a gateway which others may go through.
import { Group } from 'execnet';

const [spec, middle] = process.argv.slice(2);
const code = spec.includes('python=')
  ? `
import sys
sys.stdout.write('one line\\ntwo\\nlines\\n')
sys.stdout.flush()
sys.stderr.write('an error, without an end')
sys.stderr.flush()`
  : `
console.log('one line');
console.log('two\\nlines');
process.stderr.write('an error, without an end');`;

const group = new Group();
if (middle !== undefined) await group.makeGateway(`${middle}//id=middle`);
for (const id of ['first', 'gw é']) {
  const gateway = await group.makeGateway(`${spec}//id=${id}//stdio=prefix`);
  await gateway.remoteExec(code).waitClose();
}
await group.terminate();
