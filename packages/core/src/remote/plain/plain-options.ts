/** What starts the remote end tells its program: everything else a master says. */
export interface PlainOptions {
  /** Descriptors of the protocol. */
  readonly input: number;
  readonly output: number;
  /** Most threads that execute code. */
  readonly threads: number;
  /** Texts of the programs of the execution models, by their names. */
  readonly models: Readonly<Record<string, string>>;
}
