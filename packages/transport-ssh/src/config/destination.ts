/** A way of authenticating that ssh2 has, by the name that the protocol gives it (RFC 4252, RFC 4256). */
export type AuthenticationMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** What is allowed in the key exchange, in order of preference: only lists that are configured are there, and none of them is empty. */
export interface Algorithms {
  readonly kex?: readonly string[];
  readonly cipher?: readonly string[];
  readonly hmac?: readonly string[];
  readonly serverHostKey?: readonly string[];
  /** Signature algorithms for the user's own keys (`PubkeyAcceptedAlgorithms`). */
  readonly publicKey?: readonly string[];
}

/** A file that holds a private key, `~` and tokens expanded. It need not exist. */
export interface IdentityFile {
  readonly path: string;
  /** The user named it, by `-i` or `IdentityFile`; the others are those that ssh tries by default. */
  readonly explicit: boolean;
}

/**
 * How to reach the host if not straight by TCP.
 *
 * A `command` is what OpenSSH runs as `$SHELL -c "exec COMMAND"`, tokens expanded. `hops` are in the order of connecting, each reached
 * through the one before it; only the first can have a `proxy` of its own, and that is a command.
 */
export type ProxyRoute =
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'jump'; readonly hops: readonly Destination[] };

/** Where to connect and how: everything that the words of `ssh=` and the configuration files say, defaults filled in. */
export interface Destination {
  /** The host as the user named it; `host` is what `HostName` made of it, in lower case as OpenSSH has it. */
  readonly original: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `AddressFamily`: connect by this version of IP only. */
  readonly family?: 4 | 6;
  /** Replaces host and port in known_hosts files. */
  readonly hostKeyAlias?: string;
  /** In order of trying. */
  readonly identityFiles: readonly IdentityFile[];
  readonly identitiesOnly: boolean;
  /** Path of the agent's socket; absent if no agent is to be asked. */
  readonly agent?: string;
  readonly proxy?: ProxyRoute;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly strictHostKeyChecking: 'yes' | 'ask' | 'accept-new' | 'no';
  readonly hashKnownHosts: boolean;
  /** If the peer's address is a loopback address, its host key is not checked at all. */
  readonly noHostAuthenticationForLocalhost: boolean;
  /** RSA keys with fewer bits are refused, the host's and the user's own. */
  readonly requiredRsaSize: number;
  /** Milliseconds, for the connection up to the end of the key exchange; absent: the system's own patience. */
  readonly connectTimeout?: number;
  /** How often to try, a second apart; at least 1. */
  readonly connectionAttempts: number;
  /** Milliseconds, 0 for never; the connection is lost after `countMax` of them without an answer. */
  readonly serverAlive: { readonly interval: number; readonly countMax: number };
  readonly compression: boolean;
  /** What `SetEnv` and `SendEnv` ask to be set at the remote end. */
  readonly env: Readonly<Record<string, string>>;
  /** No person may be asked anything. */
  readonly batchMode: boolean;
  /** In order of trying, also those that `batchMode` forbids because they ask a person. */
  readonly methods: readonly AuthenticationMethod[];
  readonly numberOfPasswordPrompts: number;
  readonly algorithms: Algorithms;
  /** What was configured and has no counterpart here, for the message if authentication or the key exchange fails. */
  readonly notes?: readonly string[];
}
