import {
  type Command,
  type Connection,
  GroupKiller,
  type ShellCommand,
  throughShell,
} from '@execnet/core/plugin';
import type { Destination } from '../config/index.ts';
import type { Line } from './line.ts';
import type { Lines, Surroundings } from './lines.ts';
import { Session } from './session.ts';

/** The killer on the machine behind a line; it goes with the line. */
const killers = new WeakMap<Line, GroupKiller>();

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
  let killer = killers.get(line);
  if (!killer) {
    killer = new GroupKiller(async (text, patience) => {
      const more = { command: text, signal: patience, preferred: line };
      const opened = await lines.session(destination, surroundings, more);
      const second = new Session(opened.channel, opened.line);
      void second.closed.then(() => opened.line.letGo());
      return second;
    });
    killers.set(line, killer);
  }
  return throughShell(session, shell, {
    command,
    host: destination.original,
    signal: () => session.signal('KILL'),
    killer,
    done: () => line.letGo(),
  });
}
