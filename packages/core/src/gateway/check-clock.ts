import { MessageChannel } from 'node:worker_threads';
import { setImmediate, setTimeout } from '../clock.ts';
import { ExecnetError } from '../errors/index.ts';

/** How long a timer without a delay may take on a busy machine, in milliseconds, before it is taken for one that never fires. */
const PATIENCE = 1000;

let goes: Promise<boolean> | undefined;

/**
 * Rejects with `ERR_EXECNET_FAKE_CLOCK` if nothing here could go on by itself: where fake timers were there before this module was loaded, or replace
 * `process.nextTick`, which the streams of the runtime wait for.
 */
export async function checkClock(): Promise<void> {
  goes ??= clockGoes();
  if (!(await goes))
    throw fake(
      'the timers had been replaced by fake ones when execnet was loaded',
      'import execnet before they are installed, or uninstall them meanwhile',
    );
  let ticked = false;
  process.nextTick(() => {
    ticked = true;
  });
  await new Promise((resolve) => setImmediate(resolve, undefined));
  if (!ticked)
    throw fake(
      'process.nextTick is a fake one, which the streams of the runtime wait for',
      "leave it out of what is faked (toNotFake: ['nextTick', 'queueMicrotask'], doNotFake in Jest)",
    );
}

async function clockGoes(): Promise<boolean> {
  // the wait below keeps no program alive by itself
  const { port1: alive } = new MessageChannel();
  alive.on('message', () => {});
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let fired = false;
  setTimeout(() => {
    fired = true;
    Atomics.notify(cell, 0);
  }, 0);
  // what no fake reaches
  await Atomics.waitAsync(cell, 0, 0, PATIENCE).value;
  // a program that was busy for so long has its timers to come
  if (!fired) await Atomics.waitAsync(cell, 0, 0, PATIENCE).value;
  alive.close();
  return fired;
}

function fake(what: string, advice: string): ExecnetError {
  return new ExecnetError('ERR_EXECNET_FAKE_CLOCK', `no gateway can be made: ${what}; ${advice}`);
}
