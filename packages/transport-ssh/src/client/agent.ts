import type { Duplex } from 'node:stream';
import type { BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import { ssh2 } from '../library.ts';
import { MAX_SHA512, signingWithSha512 } from './private-key.ts';

type Key = ParsedKey | Buffer | string;

/** Gives ssh2 an answer later than in its own call: what it throws then must not reach who called this. */
export type Later = (answer: () => void) => void;

/** The keys of an agent that may be used. */
export interface SelectedKeys {
  /** For ssh2. */
  readonly agent: BaseAgent<Key>;
  /** The same agent with its first keys of RSA alone, which signs with SHA-512: for servers that take nothing else. Undefined if it gave none. */
  readonly withSha512: BaseAgent<Key> | undefined;
  /** How many keys the agent gave. */
  readonly count: number;
  /** Why the agent gave none. */
  readonly failure: Error | undefined;
  /** It was asked for something, and has not answered yet. */
  readonly asked: boolean;
  /** Asks for nothing more: lets go of what the agent has not answered. */
  close(): void;
}

/** Those keys of the agent behind a unix-domain socket that are `allowed`, and `first` those that the configuration names, in its order. */
export function selectKeys(
  path: string,
  later: Later,
  { first, allowed }: { first: readonly string[]; allowed: (key: string) => boolean },
): SelectedKeys {
  const source = ssh2.createAgent(path);
  /** What is open to the agent; ssh2 would wait for its answers for ever. */
  const streams = new Set<Duplex>();
  let closed = false;
  const open = source.getStream?.bind(source);
  if (open)
    source.getStream = (done) =>
      open((error, stream) => {
        if (stream) {
          streams.add(stream.once('close', () => streams.delete(stream)));
          if (closed) stream.destroy();
        }
        done(error, stream);
      });

  /** Keys that sign with SHA-512, and what they are of. */
  const variants = new Map<Key, Key>();
  const answering =
    (done: SignCallback): SignCallback =>
    (error, signature) =>
      later(() => (error ? done(error) : done(undefined, signature)));

  class Selection extends ssh2.BaseAgent<Key> implements SelectedKeys {
    count = 0;
    failure: Error | undefined;

    get agent(): this {
      return this;
    }

    get withSha512(): BaseAgent<Key> | undefined {
      return variants.size > 0 ? new WithSha512() : undefined;
    }

    get asked(): boolean {
      return streams.size > 0;
    }

    close(): void {
      closed = true;
      for (const stream of streams) stream.destroy();
    }

    override getIdentities(done: IdentityCallback<Key>): void {
      source.getIdentities((error, keys) => {
        if (error || !keys) {
          this.failure = error ?? new Error('it has no keys');
          later(() => done(undefined, []));
          return;
        }
        // an agent of ours that wraps keys in entries is none of those that listen on sockets
        const ranked = (keys as Key[])
          .map((key) => ({ key, text: textOf(key) }))
          .filter(({ text }) => allowed(text))
          .map(({ key, text }) => ({ key, rank: rankOf(first.indexOf(text)) }));
        ranked.sort((a, b) => a.rank - b.rank);
        this.count = ranked.length;
        const chosen = ranked.map(({ key }) => key);
        for (const key of chosen) {
          if (typeof key === 'string' || Buffer.isBuffer(key) || key.type !== 'ssh-rsa') continue;
          if (variants.size < MAX_SHA512) variants.set(signingWithSha512(key), key);
        }
        later(() => done(undefined, chosen));
      });
    }

    override sign(
      key: Key,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      done?: SignCallback,
    ): void {
      const [given, answer] = typeof options === 'function' ? [{}, options] : [options, done as SignCallback];
      const own = variants.get(key);
      if (own) source.sign(own, data, { hash: 'sha512' }, answering(answer));
      else source.sign(key, data, given, answering(answer));
    }
  }

  class WithSha512 extends Selection {
    override getIdentities(done: IdentityCallback<Key>): void {
      later(() => done(undefined, [...variants.keys()]));
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
