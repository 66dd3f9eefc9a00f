import type { Start } from '../protocol/index.ts';
import { Board } from './board.ts';
import { startMain } from './main.ts';
import { Output } from './output.ts';
import { printDirectlyInThread } from './prints.ts';
import { rawIo } from './raw-io.ts';
import { Receiver } from './receiver.ts';
import { Ring } from './ring.ts';
import { ExecutingThread } from './thread.ts';
import type { ReceiverData, ThreadData } from './thread-data.ts';
import { takeProcessFunctions } from './thread-globals.ts';
import { reportUncaught } from './uncaught.ts';

/** What a thread stub hands over. */
interface ThreadStart {
  readonly evaluate: (text: string) => unknown;
  readonly data: ThreadData | ReceiverData;
}

/** The program of a remote end: every thread evaluates it and is told its role. */
export function start(given: Start | ThreadStart): void {
  if (!('data' in given)) startMain(given);
  else if (given.data.role === 'receiver') new Receiver(given.data);
  else startThread(given.evaluate, given.data);
}

function startThread(evaluate: (text: string) => unknown, data: ThreadData): void {
  const { options, slot } = data;
  printDirectlyInThread();
  const board = new Board(data.board);
  let endThread = (): void => {};
  const thread = new ExecutingThread({
    slot,
    generation: data.generation,
    ring: new Ring(data.ring),
    board,
    output: new Output(board, rawIo(options.input, options.output), slot),
    receiver: data.port,
    evaluate,
    exit: () => endThread(),
  });
  endThread = takeProcessFunctions(
    (message) => thread.tell(message),
    () => thread.link.flush(),
  );
  reportUncaught(thread);
}
