/** The payload of CHANNEL_EXEC between two ends of ours. */
export interface ExecRequest {
  /**
   * `function`: the value of `text` is called with the channel and `args`. `call`: with `args`, and its result is sent. `module`: `text` is
   * that of a module, an export of which is called with the channel and `args`. `service`: as `function`, for the payload of SERVICE.
   */
  kind: 'function' | 'call' | 'module' | 'service';
  text: string;
  args: unknown;
  /** The export of the module; the default one without it. */
  name?: string;
  /** The export is called as under `call`. */
  result?: boolean;
  /** The module's name, for messages. */
  file?: string;
  /** Where the module came from, for stacks. */
  url?: string;
}
