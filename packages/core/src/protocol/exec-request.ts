/** The payload of CHANNEL_EXEC between two ends of ours. */
export interface ExecRequest {
  /**
   * `function`: the value of `text` is called with the channel and `args`. `call`: with `args`, and its result is sent. `stream`: with
   * `args`, and each item of what it gives is sent. `expose`: with `args`, and the methods of what it gives are called. `module`: `text` is that of a module, an export of which is called as under `function`, or as `as` says.
   * `service`: as `function`, for the payload of SERVICE.
   */
  kind: 'function' | 'call' | 'stream' | 'expose' | 'module' | 'service';
  text: string;
  args: unknown;
  /** The export of the module; the default one without it. */
  name?: string;
  /** The kind that the export is called as. */
  as?: 'call' | 'stream' | 'expose';
  /** The module's name, for messages. */
  file?: string;
  /** Where the module came from, for stacks. */
  url?: string;
}
