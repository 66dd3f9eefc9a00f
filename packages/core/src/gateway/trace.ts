import { appendFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { performance } from '../clock.ts';
import type { Link } from '../link/index.ts';
import type { Trace } from '../registry/contracts.ts';
import { codeName } from '../wire/index.ts';

/**
 * The trace that `EXECNET_DEBUG` asks for, as with execnet: 1 writes to `execnet-debug-PID` in the folder for temporary files, 2 to stderr.
 * Undefined without it, so that tracing costs nothing.
 */
export const trace: Trace | undefined = createTrace(process.env['EXECNET_DEBUG']);

/** Traces each frame that the link of a gateway sends. Wraps the one way out, so that sending costs nothing where nothing is traced. */
export function traceFrames(id: string, link: Pick<Link, 'writeFrame'>, write: Trace): void {
  const send = link.writeFrame.bind(link);
  link.writeFrame = (code, channel, payload) => {
    write(id, 'sent', codeName(code), `channel ${channel}`, `${payload.length} bytes`);
    send(code, channel, payload);
  };
}

function createTrace(level: string | undefined): Trace | undefined {
  if (level !== '1' && level !== '2') return undefined;
  const file = join(tmpdir(), `execnet-debug-${process.pid}`);
  const start = performance.now();
  return (...parts) => {
    const text = parts.map((part) =>
      typeof part === 'string' ? part : inspect(part, { breakLength: Number.POSITIVE_INFINITY, depth: 2 }),
    );
    const line = `[${process.pid} ${(performance.now() - start).toFixed(3)}] ${text.join(' ')}\n`;
    try {
      if (level === '2') writeSync(2, line);
      else appendFileSync(file, line);
    } catch {
      // a full disk or a closed stderr must not change what the program does
    }
  };
}
