import ssh2, {
  type BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';

/** An agent behind a unix-domain socket. */
export function socketAgent(path: string): BaseAgent {
  return ssh2.createAgent(path);
}

/** The keys of an agent that may be used, those first that the configuration names, in its order. */
export class SelectedKeys extends ssh2.BaseAgent<ParsedKey | Buffer | string> {
  /** Public keys in base64. */
  first: readonly string[] = [];
  /** How many keys the agent gave. */
  count = 0;
  /** Why the agent gave none. */
  failure: Error | undefined;
  readonly #agent: BaseAgent;
  readonly #allowed: (key: string) => boolean;

  constructor(agent: BaseAgent, allowed: (key: string) => boolean) {
    super();
    this.#agent = agent;
    this.#allowed = allowed;
  }

  override getIdentities(done: IdentityCallback<ParsedKey | Buffer | string>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error || !keys) {
        this.failure = error ?? new Error('it has no keys');
        done(undefined, []);
        return;
      }
      // an agent of ours that wraps keys in entries is none of those that listen on sockets
      const ranked = (keys as (ParsedKey | Buffer | string)[])
        .map((key) => ({ key, text: textOf(key) }))
        .filter(({ text }) => this.#allowed(text))
        .map(({ key, text }) => ({ key, rank: rankOf(this.first.indexOf(text)) }));
      ranked.sort((a, b) => a.rank - b.rank);
      this.count = ranked.length;
      done(
        undefined,
        ranked.map(({ key }) => key),
      );
    });
  }

  override sign(
    key: ParsedKey | Buffer | string,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, done);
  }
}

/** Keys that are not named come last, in the order of the agent. */
function rankOf(index: number): number {
  return index < 0 ? Number.MAX_SAFE_INTEGER : index;
}

function textOf(key: ParsedKey | Buffer | string): string {
  const parsed = typeof key === 'string' || Buffer.isBuffer(key) ? ssh2.utils.parseKey(key) : key;
  return parsed instanceof Error ? '' : parsed.getPublicSSH().toString('base64');
}
