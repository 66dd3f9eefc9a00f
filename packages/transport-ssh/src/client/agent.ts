import type { BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import { ssh2 } from '../library.ts';

type Key = ParsedKey | Buffer | string;

/** The keys of an agent that may be used. */
export interface SelectedKeys {
  /** For ssh2. */
  readonly agent: BaseAgent<Key>;
  /** How many keys the agent gave. */
  readonly count: number;
  /** Why the agent gave none. */
  readonly failure: Error | undefined;
}

/** Those keys of the agent behind a unix-domain socket that are `allowed`, and `first` those that the configuration names, in its order. */
export function selectKeys(
  path: string,
  { first, allowed }: { first: readonly string[]; allowed: (key: string) => boolean },
): SelectedKeys {
  const source = ssh2.createAgent(path);

  class Selection extends ssh2.BaseAgent<Key> implements SelectedKeys {
    count = 0;
    failure: Error | undefined;

    get agent(): this {
      return this;
    }

    override getIdentities(done: IdentityCallback<Key>): void {
      source.getIdentities((error, keys) => {
        if (error || !keys) {
          this.failure = error ?? new Error('it has no keys');
          done(undefined, []);
          return;
        }
        // an agent of ours that wraps keys in entries is none of those that listen on sockets
        const ranked = (keys as Key[])
          .map((key) => ({ key, text: textOf(key) }))
          .filter(({ text }) => allowed(text))
          .map(({ key, text }) => ({ key, rank: rankOf(first.indexOf(text)) }));
        ranked.sort((a, b) => a.rank - b.rank);
        this.count = ranked.length;
        done(
          undefined,
          ranked.map(({ key }) => key),
        );
      });
    }

    override sign(
      key: Key,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      done?: SignCallback,
    ): void {
      if (typeof options === 'function') source.sign(key, data, options);
      else source.sign(key, data, options, done);
    }
  }

  return new Selection();
}

/** Keys that are not named come last, in the order of the agent. */
function rankOf(index: number): number {
  return index < 0 ? Number.MAX_SAFE_INTEGER : index;
}

function textOf(key: Key): string {
  const parsed = typeof key === 'string' || Buffer.isBuffer(key) ? ssh2.utils.parseKey(key) : key;
  return parsed instanceof Error ? '' : parsed.getPublicSSH().toString('base64');
}
