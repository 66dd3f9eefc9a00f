import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { Program } from './fixtures/programs.ts';
import { testOn } from './fixtures/ssh-hosts.ts';
import { test } from './fixtures/tests.ts';

/** Tries each spec that it is given, and says what comes of it; `transport` makes the transport. */
const program = (transport: string): string => `
  import { Group, Registry, ssh, thread } from 'execnet';
  async function main() {
    const group = new Group({ registry: new Registry([${transport}, thread()]) });
    const said = [];
    for (const spec of process.argv.slice(2)) {
      try {
        const gateway = await group.makeGateway(spec);
        said.push(await gateway.call(() => 6 * 7));
      } catch ({ code, message }) {
        said.push({ code, message });
      }
    }
    console.log(JSON.stringify(said));
  }
  main();
`;

/** What keeps an interpreter from installing by itself what a program lacks, and lets it run everything. */
const FLAGS = { node: [], bun: ['--no-install'], deno: ['run', '-A'] } as const;

/** Bundles a program, and runs it where nothing is installed. */
async function saidInBundle(
  source: string,
  specs: readonly string[],
  options: BuildOptions = {},
): Promise<unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    const file = join(folder, 'bundled.cjs');
    buildSync({
      stdin: { contents: source, resolveDir: import.meta.dirname },
      outfile: file,
      bundle: true,
      platform: 'node',
      // what asks for builtin modules as CommonJS does needs a file that can
      format: 'cjs',
      logLevel: 'error',
      ...options,
    });
    const { kind, path } = runningInterpreter();
    await using bundled = new Program(path, [...FLAGS[kind], file, ...specs], {
      cwd: folder,
    });
    const said = await bundled.said<unknown[]>();
    assert.is((await bundled.ended).code, 0);
    return said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

testOn(['ssh', 'sshd'], 'a bundle works over ssh when it is given ssh2 to take along', async () => {
  await using host = await startSshd();
  const said = await saidInBundle(
    program("ssh({ ssh2: () => import('ssh2') })"),
    [`ssh=${host.alias}//ssh_config=${host.config}`],
    {
      // parts that ssh2 can do without
      external: ['cpu-features', '*.node'],
    },
  );
  assert.equal(said, [42]);
});

testOn(['ssh', 'sshd'], 'a bundle without ssh2 says so, and works with the ssh of the system', async () => {
  await using host = await startSshd();
  const spec = `ssh=${host.alias}//ssh_config=${host.config}`;
  const said = await saidInBundle(program('ssh()'), [spec, `${spec}//ssh_client=openssh`]);
  const [failure, answer] = said as [{ code: string; message: string }, number];
  assert.is(failure.code, 'ERR_EXECNET_SSH');
  assert.match(failure.message, /ssh2 can't be loaded .*bundled.*ssh_client=openssh/);
  assert.is(answer, 42);
});

test.run();
