import streams from 'node:stream';
import type { Channel } from '../../src/channel/index.ts';
import { Link } from '../../src/link/index.ts';
import { msgpack, type Serializer } from '../../src/serializer/index.ts';
import { codeName, FrameDecoder } from '../../src/wire/index.ts';

/** One end of a pair. */
export interface End {
  readonly link: Link;
  /** The names of the frames that this end has sent, with their channels: `CHANNEL_DATA 1`. */
  readonly sent: string[];
  /** What it told the user. */
  readonly warnings: string[];
  /** Whether something at this end keeps the program alive. */
  readonly alive: boolean;
  /** How many bytes wait for the connection, as the test says. */
  queued: number;
  /** Nothing waits for the connection any more. */
  drain(): void;
}

/** Channels that are collected close. A collector may find that a test does not use one any more while the test still waits for what the channel does. */
const held: Channel[] = [];

/** Has a link hand out channels that are never collected. */
function hold({ channels }: Link): void {
  for (const method of ['create', 'adopt', 'find'] as const) {
    const original = channels[method].bind(channels) as (id?: number) => Channel;
    channels[method] = (id?: number) => {
      const channel = original(id);
      held.push(channel);
      return channel;
    };
  }
}

/**
 * Two links that are each other's peers, without a process: what one sends reaches the other when the test says so. Their channels are never collected: the
 * test itself says when one is dropped.
 */
export class LinkPair {
  readonly local: End;
  readonly remote: End;
  readonly #serializer: () => Serializer;
  readonly #underWay = { local: [] as Uint8Array[], remote: [] as Uint8Array[] };
  readonly #decoders: { local: FrameDecoder; remote: FrameDecoder };

  /** `serializer` makes the one of each end. */
  constructor(serializer: () => Serializer = msgpack) {
    this.#serializer = serializer;
    this.local = this.#end('local');
    this.remote = this.#end('remote');
    const decode = (end: End): FrameDecoder =>
      new FrameDecoder((code, id, payload, owned) => end.link.handle(code, id, payload, owned));
    this.#decoders = { local: decode(this.local), remote: decode(this.remote) };
  }

  /** A channel of the local end, and the same one at the remote end, as if it had come there inside an item. */
  channel(): { here: Channel; there: Channel } {
    const here = this.local.link.channels.create();
    return { here, there: this.remote.link.channels.adopt(here.id) };
  }

  /** Lets everything that is under way arrive, and everything that follows from it. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#deliver('local') + this.#deliver('remote') > 0 ? 0 : quiet + 1;
    }
  }

  #deliver(from: 'local' | 'remote'): number {
    const to = from === 'local' ? 'remote' : 'local';
    this[from].link.flush();
    const chunks = this.#underWay[from].splice(0);
    for (const chunk of chunks) this.#decoders[to].push(chunk);
    return chunks.length;
  }

  #end(side: 'local' | 'remote'): End {
    let alive = false;
    let drain = (): void => {};
    const drained = new Promise<void>((resolve) => {
      drain = resolve;
    });
    const warnings: string[] = [];
    const sent: string[] = [];
    const chunks = this.#underWay[side];
    const log = new FrameDecoder((code, id) => void sent.push(`${codeName(code)} ${id}`));
    const take = (chunk: Uint8Array): void => {
      const copy = chunk.slice();
      log.push(copy);
      chunks.push(copy);
    };
    const end: Omit<End, 'link'> = {
      sent,
      warnings,
      get alive() {
        return alive;
      },
      queued: 0,
      drain() {
        end.queued = 0;
        drain();
      },
    };
    const link = new Link({
      name: side,
      gateway: { id: side, newChannel: () => link.channels.create() as never },
      local: side === 'local',
      ids: { first: side === 'local' ? 1 : 2, step: 2 },
      serializer: this.#serializer(),
      flow: true,
      control: (_code, id) => link.channels.get(id) !== undefined,
      port: {
        write(batch, body) {
          take(batch);
          if (body) take(body);
        },
        reuse: false,
        drained: (tolerated) => (end.queued > tolerated ? drained : undefined),
        ref: () => {
          alive = true;
        },
        unref: () => {
          alive = false;
        },
        blocked: false,
        streams: () => streams,
        warn: (message) => void warnings.push(message),
      },
    });
    hold(link);
    return Object.assign(end, { link });
  }
}
