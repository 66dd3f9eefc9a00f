import { Channel } from './channel.ts';
import type { ChannelState } from './channel-state.ts';

/** Takes the bytes of a {@link ByteChannel}. */
export interface ByteSink {
  /**
   * The next bytes. Unless `owned`, they are valid during the call only. A returned promise stalls the channel until it settles: the other end gets
   * no more credit meanwhile.
   */
  bytes(chunk: Uint8Array, owned: boolean): Promise<void> | undefined;
  /** Nothing more comes. `clean`: the other end has said so, or has closed the channel; the connection was not lost before. Once. */
  end(clean: boolean): void;
}

/**
 * A channel that carries bytes as they are, in both directions, for the relay: nothing is encoded or decoded, and what has credit is not copied.
 * An empty item is the end of the bytes. Both ends must use it so.
 */
export class ByteChannel {
  readonly #state: ChannelState;

  constructor(channel: Channel) {
    this.#state = Channel.stateOf(channel) as ChannelState;
  }

  /** From now on what arrives goes to `sink`. It keeps no program alive. */
  receive(sink: ByteSink): void {
    let ended = false;
    const end = (clean: boolean): void => {
      if (!ended) sink.end(clean);
      ended = true;
    };
    this.#state.setCallback({
      raw: true,
      held: false,
      item: (value, owned) => {
        const chunk = value as Uint8Array;
        if (chunk.length > 0) return sink.bytes(chunk, owned);
        end(true);
        return undefined;
      },
      end: () => end(this.#state.receiveEnd?.clean === true),
    });
  }

  /**
   * Sends bytes in order, at once. Undefined: they have left, or their memory is with the connection. Otherwise they were copied, and the promise
   * resolves when they have left; it never rejects.
   */
  send(chunk: Uint8Array): Promise<void> | undefined {
    const { link, sender } = this.#state;
    if (sender.closed) return undefined;
    if (sender.sendNow(chunk)) {
      link.flush();
      return link.drained(MAX_BEHIND);
    }
    const copy = new Uint8Array(chunk);
    return new Promise((resolve) => {
      sender.post(copy, undefined, { resolve, reject: () => resolve() });
      link.flush();
    });
  }

  /** Tells the other end that no more bytes come. */
  end(): void {
    void this.send(EMPTY);
  }
}

const EMPTY = new Uint8Array(0);

/** What may wait for the connection before a sender has to wait too. */
const MAX_BEHIND = 262144;
