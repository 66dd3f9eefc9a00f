import type { BootOptions, ExecRequest } from '../protocol/index.ts';
import { msgpack } from '../serializer/msgpack.ts';
import { Code, encodeFrame, FRAGMENT_SIZE, int32Payload } from '../wire/index.ts';
import { statusFrames } from './control-frames.ts';
import { describeRemote } from './describe-remote.ts';
import type { Counts, Dialect, Early } from './dialect.ts';
import type { RawIo } from './raw-io.ts';
import { Router } from './router.ts';

const status = (question: Uint8Array, counts: Counts): unknown =>
  question.length > 0 ? describeRemote() : counts;

function early(io: RawIo, { execmodel }: BootOptions): Early {
  const serializer = msgpack();
  return (code, id, payload) => {
    switch (code) {
      case Code.STATUS: {
        const counts = { numChannels: 0, numExecuting: 0, numQueued: 0, execmodel };
        io.write(statusFrames(id, serializer.dump(status(payload, counts))));
        return true;
      }
      case Code.PING:
        io.write(encodeFrame(Code.PONG, id, payload));
        return true;
      case Code.RECONFIGURE:
      case Code.CHANNEL_CLOSE:
        return true;
      default:
        return false;
    }
  };
}

/** Between two ends of ours: `docs/protocol.md`. */
export const ownDialect: Dialect = {
  flow: true,
  maxData: FRAGMENT_SIZE,
  watched: true,
  grace: 0,
  serializer: msgpack,
  router: (options) => new Router(options),
  early,
  status,
  request: (loaded) => loaded as ExecRequest,
  uncompiled: (error) => error,
  error: (error) => error,
  goodbye: (code) => encodeFrame(Code.GOODBYE, 0, int32Payload(code)),
};
