import type { BootOptions, Start } from '../protocol/index.ts';
import { Code, encodeFrame, FrameDecoder } from '../wire/index.ts';
import { lookLikeScript, workersLookLikeScripts } from './as-script.ts';
import { Board, BoardWord } from './board.ts';
import { concat } from './control-frames.ts';
import type { Dialect } from './dialect.ts';
import { endChildren } from './end-process.ts';
import { Output } from './output.ts';
import type { Port } from './port.ts';
import { complain, printDirectly } from './prints.ts';
import { type RawIo, rawIo } from './raw-io.ts';
import { Ring, Word } from './ring.ts';
import { exit, loadProcessLater, onExit, runtime } from './runtime.ts';
import { ExecutingThread } from './thread.ts';
import type { Handover } from './thread-data.ts';
import type { ThreadMessage } from './thread-port.ts';
import { startReceiver } from './threads.ts';
import { reportUncaught, reportUncaughtByEvents } from './uncaught.ts';

const READ_SIZE = 65536;

interface Exec {
  readonly id: number;
  readonly payload: Uint8Array;
}

/**
 * The main thread of a remote end, which has said hello: reads, blocking, until there is something to execute. Only then is the receiver thread
 * started, so that booting does not wait for a thread and a remote end that runs nothing costs none.
 */
export function startMain({ evaluate, program, cache, options }: Start, dialect: Dialect): void {
  const io = rawIo(options.input, options.output);
  printDirectly();
  // Deno has put nothing there, and takes long to load what says so
  if (runtime !== 'deno') lookLikeScript();
  const board = new Board();
  const block = Ring.allocate();
  const ring = new Ring(block);
  const receive = (handover: Handover | undefined): Port =>
    startReceiver(
      { role: 'receiver', program, cache, options, board: board.shared, ring: block, handover },
      (error) => {
        complain(`the receiver thread failed: ${(error as Error | undefined)?.stack ?? String(error)}`);
        exit(70);
      },
    );
  // who sits in a read that never returns sees no lease expire
  const watching = options.lease === undefined ? undefined : receive(undefined);
  const { exec, unread } = serveUntilExec(io, options, dialect, () =>
    Atomics.add(board.words, BoardWord.HEARD, 1),
  );
  if (exec) {
    Atomics.store(ring.words, Word.CHANNELS, 1);
    Atomics.store(ring.words, Word.EXECUTING, 1);
  }
  const handover: Handover = { unread, begun: exec?.id };
  watching?.postMessage({ kind: 'begin', ...handover } satisfies ThreadMessage);
  const receiver = watching ?? receive(handover);
  workersLookLikeScripts();
  const thread = new ExecutingThread({
    gateway: options.id,
    slot: 0,
    generation: 0,
    ring,
    board,
    output: new Output(board, io, 0),
    receiver,
    evaluate,
    exit: (code) => {
      Atomics.store(board.words, BoardWord.LEAVING, 1);
      exit(code);
    },
    runner: options.runner,
    dialect,
  });
  onExit(() => {
    thread.link.flush();
    if (!dialect.watched || Atomics.load(board.words, BoardWord.LOST) === 1) endChildren();
  });
  if (runtime === 'deno') reportUncaughtByEvents(thread);
  else reportUncaught(thread);
  loadProcessLater();
  if (exec) thread.execute(exec.id, exec.payload);
}

/** Answers what can be answered without a thread; returns at the first frame that needs one. */
function serveUntilExec(
  io: RawIo,
  options: BootOptions,
  dialect: Dialect,
  heard: () => void,
): { exec: Exec | undefined; unread: Uint8Array } {
  const early = dialect.early(io, options);
  let exec: Exec | undefined;
  let unread: Uint8Array | undefined;
  const decoder = new FrameDecoder((code, id, payload) => {
    if (early(code, id, payload)) return;
    if (code === Code.GATEWAY_TERMINATE) exit(0);
    if (code === Code.CHANNEL_EXEC && options.startsOnMain) {
      exec = { id, payload: payload.slice() };
      unread = decoder.rest.slice();
    } else unread = concat(encodeFrame(code, id, payload), decoder.rest);
    decoder.stop();
  });
  const buffer = new Uint8Array(READ_SIZE);
  while (unread === undefined) {
    const size = io.read(buffer);
    if (size === 0) exit(0);
    heard();
    try {
      decoder.push(buffer.subarray(0, size));
    } catch (error) {
      // nothing after it can be understood
      complain((error as Error).message);
      exit(1);
    }
  }
  return { exec, unread };
}
