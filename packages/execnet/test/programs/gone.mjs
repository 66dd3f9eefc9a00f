// Removes its working folder, makes gateways of the specs given, and says what each answers, or the code of why there is none.
import { rmSync } from 'node:fs';
import { makeGateway } from 'execnet';

rmSync(process.cwd(), { recursive: true });
const answers = [];
for (const spec of process.argv.slice(2))
  try {
    const gateway = await makeGateway(spec);
    const { runtime } = gateway.peer;
    answers.push(
      await (runtime === 'node' || runtime === 'bun' || runtime === 'deno'
        ? gateway.call(() => 42)
        : gateway.call('abs', [-42])),
    );
  } catch (error) {
    answers.push(/** @type {{ code?: string }} */ (error).code ?? String(error));
  }
console.log(JSON.stringify(answers));
