/**
 * Runs test files one after the other in this process, which may be any of the runtimes; `run-batch.mjs` starts it, and reads what it prints.
 *
 *   batch.mjs LIST    LIST: a file with a JSON array of { file, folder }: an absolute path, and a folder for its temporary files
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import process from 'node:process';
import { setTimeout } from 'node:timers';
import { pathToFileURL } from 'node:url';
import { beginOf, endOf, environmentOf } from './batch-protocol.mjs';

/** The time that the process may take to end after its last test, in milliseconds: a network that was cut off, or a login, may still have an end to come to. */
const endsWithin = 60_000;

/** A list of all that this process has open, as far as its runtime and Linux tell. */
function open() {
  const descriptors = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return `${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`;
    } catch {
      return `${fd} closed meanwhile`;
    }
  });
  return [`resources: ${process.getActiveResourcesInfo().join(', ')}`, ...descriptors].join('\n  ');
}

/** @type {{ file: string, folder: string }[]} */
const files = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

// uvu runs what is registered when it is told to, and not when the module that registers waits for something
const shared = /** @type {{ UVU_DEFER?: number, UVU_QUEUE?: unknown[][], UVU_INDEX?: number }} */ (
  globalThis
);
shared.UVU_DEFER = 1;
shared.UVU_INDEX = 0;
/** @type {unknown[][]} */
const queue = [];
shared.UVU_QUEUE = queue;
const { exec } = await import('uvu');

for (const [index, { file, folder }] of files.entries()) {
  Object.assign(process.env, environmentOf(file, folder));
  queue.splice(0, queue.length, [null]);
  process.stdout.write(beginOf(index));
  await import(pathToFileURL(file).href);
  await exec();
  process.stdout.write(endOf(index));
}

setTimeout(() => {
  process.stderr.write(`the process goes on after its last test; open are\n  ${open()}\n`, () =>
    process.exit(1),
  );
}, endsWithin).unref();
