// Is compiled into one executable with the runtime that runs it. Starts others like itself, and ends by itself.
import { Group } from 'execnet';

async function main() {
  const group = new Group();
  await group.makeGateway('popen//id=first');
  await group.makeGateway('popen//via=first');
  const answers = [];
  for (const gateway of group)
    answers.push(
      await gateway.call(
        async ({ text }) => {
          const { execFileSync } = await import('node:child_process');
          // what starts itself once more does not start this program
          const own = execFileSync(process.execPath, ['-e', 'console.log("a script")'], { encoding: 'utf8' });
          return [text, process.versions.bun ? 'bun' : 'node', own.trim()];
        },
        { text: 'answered' },
      ),
    );
  await group.terminate();
  console.log(JSON.stringify(answers));
}

void main();
