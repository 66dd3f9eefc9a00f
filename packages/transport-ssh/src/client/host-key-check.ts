import { ConnectError } from '@execnet/core/plugin';
import type { Destination } from '../config/index.ts';
import { addKnownHost, type HostName, hostKeyError, KnownHosts, rsaKeyBits } from '../known-hosts/index.ts';

/** Signatures by the type of the key that makes them (RFC 8332 for those of RSA), in the order in which ssh2 prefers them. */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

/** Whether the key of the server is the one that is known for it, by the rules of ssh_config(5). */
export class HostKeyCheck {
  /** Why the key was not accepted. */
  failure: Error | undefined;
  /** The key was accepted although another one is known (`StrictHostKeyChecking=no`). */
  doubtful = false;
  readonly #destination: Destination;
  readonly #name: HostName;
  readonly #known: KnownHosts;
  #accepted: Buffer | undefined;

  private constructor(destination: Destination, name: HostName, known: KnownHosts) {
    this.#destination = destination;
    this.#name = name;
    this.#known = known;
  }

  /** Reads the known_hosts files. */
  static async prepare(destination: Destination): Promise<HostKeyCheck> {
    const { host, port, hostKeyAlias, userKnownHosts, globalKnownHosts } = destination;
    const name: HostName = hostKeyAlias === undefined ? { host, port } : { host: hostKeyAlias, port: 22 };
    return new HostKeyCheck(
      destination,
      name,
      await KnownHosts.read({ user: userKnownHosts, global: globalKnownHosts }),
    );
  }

  /** The server is asked for the kinds of keys first that are known of it: it has others, too. */
  get algorithms(): { serverHostKey?: string[] } {
    // who names algorithms has decided
    if (this.#destination.algorithms.serverHostKey) return {};
    const known = this.#known.keyTypes(this.#name).flatMap((type) => SIGNATURES[type] ?? []);
    if (known.length === 0) return {};
    return { serverHostKey: [...new Set([...known, ...Object.values(SIGNATURES).flat()])] };
  }

  /**
   * Whether this is the key of the server. The server shows it again at each re-keying; that has to be the same one, and is answered at once: ssh2 (1.17) goes on
   * meanwhile, with keys that the server does not expect. The first time the answer is given to `answer`.
   */
  verify(key: Buffer, answer: (accepted: boolean) => void): boolean | undefined {
    if (this.#accepted === undefined) {
      void this.#look(key).then((failure) => {
        this.failure = failure;
        if (failure === undefined) this.#accepted = Buffer.from(key);
        answer(failure === undefined);
      });
      return undefined;
    }
    if (this.#accepted.equals(key)) return true;
    this.failure = new ConnectError(
      'ERR_EXECNET_HOST_KEY_CHANGED',
      `${this.#destination.host} shows another host key than at the beginning of the connection; somebody may be in between`,
    );
    return false;
  }

  /** Never rejects. */
  async #look(key: Buffer): Promise<Error | undefined> {
    try {
      return await this.#check(key);
    } catch (error) {
      return error as Error;
    }
  }

  async #check(key: Buffer): Promise<ConnectError | undefined> {
    const {
      host,
      hashKnownHosts: hashed,
      noHostAuthenticationForLocalhost,
      requiredRsaSize,
      strictHostKeyChecking: strict,
      userKnownHosts,
    } = this.#destination;
    const bits = rsaKeyBits(key);
    if (bits !== undefined && bits < requiredRsaSize)
      return new ConnectError(
        'ERR_EXECNET_SSH',
        `the host key of ${host} is an RSA key of ${bits} bits, and RequiredRSASize asks for ${requiredRsaSize}`,
      );
    if (noHostAuthenticationForLocalhost && LOOPBACK.test(host)) return undefined;
    const verdict = this.#known.check(this.#name, key);
    if (verdict.kind === 'known') return undefined;
    if (verdict.kind === 'unknown' && (strict === 'accept-new' || strict === 'no')) {
      const [file] = userKnownHosts;
      if (file !== undefined) await addKnownHost(file, this.#name, key, { hashed });
      return undefined;
    }
    if (verdict.kind === 'changed' && strict === 'no') {
      this.doubtful = true;
      return undefined;
    }
    return hostKeyError(verdict, this.#name, key);
  }
}
