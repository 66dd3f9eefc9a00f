import type { RawIo } from '../raw-io.ts';

/** More than any release of execnet sends (60 KB): who sends more is no execnet. */
const MAX_LINE = 1024 * 1024;

const READ_SIZE = 65536;

const LINE_FEED = 10;

/** How the line of execnet begins: a Python or JSON literal of its program. */
const OPENING = /^[bu]?["']/i;

/** What the program says last: which execution model is wanted. In a literal its quotes may be escaped. */
const MODEL = /execmodel *= *get_execmodel\(\\?["']([\w.-]+)\\?["']\)/g;

const WHAT_IT_IS =
  "execnet-remote is started by execnet of Python, which then speaks to it: execnet.makegateway('popen//python=execnet-remote')";

/** What a master has said that is none. */
export class NoMaster extends Error {}

/**
 * Reads what execnet sends to a Python interpreter that it has started: one line, the literal of a program. What that says in Python this remote end can do
 * without being told; it looks for the execution model only.
 *
 * Returns its name; undefined if the input ended before anything came. Throws {@link NoMaster} for what no execnet sends.
 */
export function readBootstrap(io: RawIo): string | undefined {
  const line = readLine(io);
  if (line === undefined) return undefined;
  const model = [...line.matchAll(MODEL)].at(-1)?.[1];
  if (model === undefined) throw new NoMaster(WHAT_IT_IS);
  return model;
}

/** A master waits for an answer to its line, so nothing comes behind it. */
function readLine(io: RawIo): string | undefined {
  const buffer = new Uint8Array(READ_SIZE);
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const size = io.read(buffer);
    if (size === 0) {
      if (text === '') return undefined;
      throw new NoMaster(WHAT_IT_IS);
    }
    const end = buffer.subarray(0, size).indexOf(LINE_FEED);
    text += decoder.decode(buffer.subarray(0, end < 0 ? size : end), { stream: true });
    if (text.length > MAX_LINE || (text.length > 1 && !OPENING.test(text))) throw new NoMaster(WHAT_IT_IS);
    if (end >= 0) return text;
  }
}
