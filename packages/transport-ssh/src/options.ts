/** What a question is about. */
export interface Login {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

/** One line that the server wants to be told. */
export interface Prompt {
  readonly text: string;
  /** What is typed may be seen. */
  readonly echo: boolean;
}

/**
 * Who answers what only a person, or a store of secrets, knows. Each is asked when the server, or a key, needs the answer, and not before; undefined
 * means: no answer, go on with what else there is. An error that is thrown fails the connection. Answers are used once and kept nowhere.
 */
export interface SshOptions {
  /** How ssh2 is loaded: `() => import('ssh2')` for a bundler that is to take it along. By default it is loaded as it is installed, when it is first used. */
  ssh2?(): Promise<{ readonly default: unknown }>;
  /** The passphrase of a key file. Asked again, up to `NumberOfPasswordPrompts` times, if it is wrong. */
  passphrase?(file: string, login: Login): string | undefined | Promise<string | undefined>;
  /** The password of the user. Asked again, up to `NumberOfPasswordPrompts` times, if it is wrong. */
  password?(login: Login): string | undefined | Promise<string | undefined>;
  /** The answers to the questions of keyboard-interactive authentication, one for each. */
  keyboardInteractive?(
    prompts: readonly Prompt[],
    login: Login & { readonly name: string; readonly instructions: string },
  ): readonly string[] | undefined | Promise<readonly string[] | undefined>;
}
