import { type Command, type Connection, type ShellCommand, throughShell } from '@execnet/core/plugin';
import type { ClientChannel } from 'ssh2';
import type { Destination } from '../config/index.ts';
import type { Line } from './line.ts';
import type { Lines, Surroundings } from './lines.ts';
import { Session } from './session.ts';

/** What a kill that waits for its answer prints is a few numbers. */
const MAX_ANSWER = 65536;

interface Ssh2Context {
  readonly command: Command;
  readonly signal: AbortSignal;
  readonly surroundings: Surroundings;
}

/** Starts a command over ssh2, on a connection that it shares. */
export async function startOverSsh2(
  lines: Lines,
  destination: Destination,
  shell: ShellCommand,
  { command, signal, surroundings }: Ssh2Context,
): Promise<Connection> {
  const { channel, line } = await lines.session(destination, surroundings, { command: shell.line, signal });
  const session = new Session(channel, line);
  return throughShell(session, shell, {
    command,
    host: destination.original,
    signal: () => session.signal('KILL'),
    run: async (text, input, patience) => {
      const opened = await lines.session(destination, surroundings, {
        command: text,
        signal: patience,
        preferred: line,
      });
      return await answerOf(opened, input, patience);
    },
    done: () => line.letGo(),
  });
}

/** Runs a command to its end, and resolves with what it prints. */
async function answerOf(
  { channel, line }: { channel: ClientChannel; line: Line },
  input: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  line.hold();
  let giveUp = (): void => {};
  try {
    return await new Promise((resolve, reject) => {
      let text = '';
      channel.setEncoding('utf8');
      channel.on('data', (chunk: string) => {
        if (text.length < MAX_ANSWER) text += chunk;
      });
      channel.stderr.resume();
      channel.once('close', () => {
        if (line.failure) reject(line.failure);
        else resolve(text);
      });
      giveUp = () => {
        // what does not answer now will not: all who use the line are better off without it
        line.destroy(new Error(`${line.address} does not answer`));
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      channel.end(input);
    });
  } finally {
    signal.removeEventListener('abort', giveUp);
    line.release();
    line.letGo();
  }
}
