import type { Start } from '../protocol/index.ts';
import { hideThreadData, lookLikeScript, workersLookLikeScripts } from './as-script.ts';
import { Board } from './board.ts';
import type { Dialect } from './dialect.ts';
import { startMain } from './main.ts';
import { Output } from './output.ts';
import { portOf } from './port.ts';
import { printDirectlyInThread } from './prints.ts';
import { rawIo } from './raw-io.ts';
import { Receiver } from './receiver.ts';
import { Ring, Word } from './ring.ts';
import { ExecutingThread } from './thread.ts';
import type { ReceiverData, ThreadData } from './thread-data.ts';
import { isolateProcessFunctions, type ThreadEnd, takeProcessFunctions } from './thread-globals.ts';
import { reportUncaught } from './uncaught.ts';

/** What a thread stub hands over. */
export interface ThreadStart {
  readonly evaluate: (text: string) => unknown;
  readonly data: ThreadData | ReceiverData;
}

/** Every thread of a remote end evaluates its program and is told its role. */
export function startRole(given: Start | ThreadStart, dialect: Dialect): void {
  if (!('data' in given)) startMain(given, dialect);
  else if (!Ring.claim(given.data.ring)) return;
  else if (given.data.role === 'receiver') new Receiver(given.data, dialect);
  else startThread(given.evaluate, given.data, dialect);
}

function startThread(evaluate: (text: string) => unknown, data: ThreadData, dialect: Dialect): void {
  const { options, slot } = data;
  printDirectlyInThread();
  lookLikeScript();
  workersLookLikeScripts();
  hideThreadData();
  const board = new Board(data.board);
  const ring = new Ring(data.ring);
  let endThread = (): void => {};
  const thread = new ExecutingThread({
    gateway: options.id,
    slot,
    generation: data.generation,
    ring,
    board,
    output: new Output(board, rawIo(options.input, options.output), slot),
    receiver: portOf(data.port),
    evaluate,
    exit: () => endThread(),
    isolated: data.isolated,
    runner: data.service ? undefined : options.runner,
    dialect,
  });
  const end: ThreadEnd = { flush: () => thread.link.flush(), leave: () => ring.leave() };
  endThread = data.isolated
    ? isolateProcessFunctions((code) => Atomics.store(ring.words, Word.EXIT_CODE, code + 1), end)
    : takeProcessFunctions((message) => thread.tell(message), end);
  reportUncaught(thread, { isolated: data.isolated });
}
