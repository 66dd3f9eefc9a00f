import { stringsOf } from '../../channel/index.ts';
import { describeError, errorText, type RemoteErrorData } from '../../errors/index.ts';
import type { Link } from '../../link/index.ts';
import type { BootOptions } from '../../protocol/index.ts';
import { execnetFormat } from '../../serializer/execnet-format.ts';
import { Tuple } from '../../serializer/tuple.ts';
import { Code, EMPTY, encodeFrame, MAX_FRAME } from '../../wire/index.ts';
import { statusFrames } from '../control-frames.ts';
import { describeRemote } from '../describe-remote.ts';
import type { Counts, Dialect, Early } from '../dialect.ts';
import type { RawIo } from '../raw-io.ts';
import { runtime, runtimeVersion } from '../runtime.ts';
import { configure } from './configure.ts';
import { execTuple, requestOf } from './exec-tuple.ts';
import { knownSource } from './known-sources.ts';
import { PlainRouter } from './plain-router.ts';

/**
 * Less than the second after which execnet, at the exit of its program, kills remote ends that are not gone: what is killed so leaves its child
 * processes behind.
 */
const GRACE = 900;

const format = execnetFormat();

/** Says what kind of source is wanted here. */
const HERE = `this remote end runs JavaScript, on ${runtime} ${runtimeVersion}`;

/** Without a channel codec: a request holds no channels. */
function known(request: Uint8Array): ReturnType<typeof knownSource> {
  try {
    return knownSource(execTuple(format.load(request)).source);
  } catch {
    // the thread that gets it says what is wrong with it
    return undefined;
  }
}

const status = (_question: Uint8Array, { numChannels, numExecuting, execmodel }: Counts): unknown => ({
  numchannels: numChannels,
  numexecuting: numExecuting,
  execmodel,
});

/** What `gw._rinfo()` gets, under execnet's names, and which interpreter it is of. */
function information(): unknown {
  const { executable, platform, cwd, pid } = describeRemote();
  const numbers = runtimeVersion.split(/[.-]/).slice(0, 3).map(Number);
  return { executable, version_info: Tuple.from([...numbers, 'final', 0]), platform, cwd, pid, runtime };
}

function answer(id: number, request: Uint8Array): Uint8Array | undefined {
  return known(request) === 'info' ? statusFrames(id, format.dump(information())) : undefined;
}

function uncompiled(error: unknown): Error {
  const told = new SyntaxError(`${HERE}, and this source is something else: ${(error as Error).message}`);
  // where it was thrown says nothing about the source
  told.stack = String(told);
  return told;
}

function closeFrame(id: number, failure?: { readonly error: unknown }): Uint8Array {
  if (!failure) return encodeFrame(Code.CHANNEL_CLOSE, id, EMPTY);
  return encodeFrame(Code.CHANNEL_CLOSE_ERROR, id, format.dump(errorText(describeError(failure.error))));
}

function early(io: RawIo, { execmodel }: BootOptions): Early {
  /** The channel that is about to bring a configuration. */
  let configuring: number | undefined;
  const configureNow = (id: number, item: Uint8Array): void => {
    configuring = undefined;
    try {
      configure(format.load(item));
      io.write(closeFrame(id));
    } catch (error) {
      io.write(closeFrame(id, { error }));
    }
  };
  return (code, id, payload) => {
    switch (code) {
      case Code.STATUS: {
        const counts = { numChannels: 0, numExecuting: 0, numQueued: 0, execmodel };
        io.write(statusFrames(id, format.dump(status(payload, counts))));
        return true;
      }
      case Code.CHANNEL_EXEC: {
        const frames = answer(id, payload);
        if (frames) io.write(frames);
        else if (known(payload) === 'configure') configuring = id;
        else return false;
        return true;
      }
      case Code.CHANNEL_DATA:
        if (id === configuring) configureNow(id, payload);
        return true;
      case Code.CHANNEL_CLOSE:
      case Code.CHANNEL_CLOSE_ERROR:
      case Code.CHANNEL_LAST_MESSAGE:
        return true;
      default:
        return false;
    }
  };
}

function reconfigure(link: Link, id: number, payload: Uint8Array): void {
  const [py2strAsPy3str = true] = format.load(payload) as Iterable<boolean>;
  link.reconfigure(id, stringsOf({ py2strAsPy3str }));
}

/** For masters that speak plain execnet: `docs/protocol.md`. */
export const plainDialect: Dialect = {
  flow: false,
  maxData: MAX_FRAME,
  watched: false,
  grace: GRACE,
  serializer: execnetFormat,
  router: (options) => new PlainRouter(options),
  early,
  status,
  answer,
  request: (loaded) => requestOf(execTuple(loaded)),
  uncompiled,
  error: (error: RemoteErrorData) =>
    // what Python calls by another name
    errorText(error.name === 'ReferenceError' ? { ...error, stack: `${error.stack}\n(${HERE})` } : error),
  goodbye: () => undefined,
  reconfigure,
};
