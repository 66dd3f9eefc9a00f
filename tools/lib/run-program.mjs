import { spawn } from 'node:child_process';
import { root } from './root.mjs';
import { build, install } from './set-up.mjs';

/**
 * Sets up, then runs a TypeScript program of this repository with this terminal and the arguments of this command;
 * ends as it ends.
 *
 * @param {string} file relative to the repository
 * @param {{ test?: boolean }} [options] as for `install`
 */
export async function runProgram(file, options) {
  try {
    await install(options);
    await build();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return;
  }
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  // Ctrl-C goes to both; the program decides what it means.
  process.removeAllListeners('SIGINT').on('SIGINT', () => {});
  process.removeAllListeners('SIGTERM').on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
    } else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}
