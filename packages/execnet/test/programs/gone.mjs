// Removes its working folder, makes a gateway, and says what that answers.
import { rmSync } from 'node:fs';
import { makeGateway } from 'execnet';

rmSync(process.cwd(), { recursive: true });
const gateway = await makeGateway({
  popen: true,
  node: process.versions['bun'] || process.versions['deno'] ? 'node' : process.execPath,
});
console.log(JSON.stringify(await gateway.call(() => 42)));
await gateway.terminate();
