import { LoadError } from '../errors/index.ts';
import { ExecnetDumper } from './execnet-dumper.ts';
import { ExecnetLoader } from './execnet-loader.ts';
import {
  type ChannelCodec,
  DEFAULT_LIMITS,
  type Limits,
  type Serializer,
  type StringOptions,
} from './types.ts';

/** Limits, and how strings of the other generation of Python arrive. */
export interface ExecnetFormatOptions extends Partial<Limits>, Partial<StringOptions> {}

/**
 * Python execnet's dump format, as it is on channels: without a version byte. What it dumps is, byte for byte, what execnet
 * dumps for the Python counterpart of the value, and it loads whatever execnet on Python 2 and 3 dumps.
 *
 * `undefined` arrives as None; -0 as the float -0.0; an integral number beyond `Number.MAX_SAFE_INTEGER` as float; shared values
 * arrive as copies of each other, and one that holds itself is a `DumpError`.
 *
 * `py2strAsPy3str` is true and `py3strAsPy2str` false by default, as execnet's gateways have them.
 */
export function execnetFormat(options: ExecnetFormatOptions = {}): Serializer {
  const { py2strAsPy3str = true, py3strAsPy2str = false, ...given } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...given };
  const usual: StringOptions = { py2strAsPy3str, py3strAsPy2str };

  const dumper = new ExecnetDumper(limits);
  // A getter of the value's may dump something else meanwhile.
  const idle = (): ExecnetDumper => (dumper.busy ? new ExecnetDumper(limits) : dumper);

  return {
    name: 'execnet',
    dump: (value: unknown, channels?: ChannelCodec) => idle().dump(value, channels, false)[0] as Uint8Array,
    dumpParts: (value: unknown, channels?: ChannelCodec) => idle().dump(value, channels, true),
    reclaim: (bytes: Uint8Array) => dumper.reclaim(bytes),
    load(bytes: Uint8Array, channels?: ChannelCodec, strings: StringOptions = usual): unknown {
      if (bytes.length > limits.maxPayload) {
        throw new LoadError(
          `the value takes ${bytes.length} bytes, which is above the limit of ${limits.maxPayload} (maxPayload)`,
        );
      }
      try {
        return new ExecnetLoader(bytes, limits, strings, channels).load(0);
      } catch (error) {
        if (error instanceof LoadError) throw error;
        throw new LoadError(
          `the bytes are no value: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    },
  };
}
