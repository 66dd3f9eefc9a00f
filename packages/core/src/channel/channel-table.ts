import { Channel } from './channel.ts';
import type { ChannelLink } from './channel-link.ts';
import { ChannelState } from './channel-state.ts';

/** How an end numbers the channels that it makes. */
export interface IdSpace {
  readonly first: number;
  readonly step: number;
}

/** Ids are positive `int32`; after the last one numbering begins again, past what is still open. */
const MAX_ID = 0x7fffffff;

/** The channels of one link, by id. */
export class ChannelTable {
  readonly #link: ChannelLink;
  readonly #ids: IdSpace;
  readonly #states = new Map<number, ChannelState>();
  readonly #dropped = new FinalizationRegistry<ChannelState>((state) => state.abandon());
  #next: number;

  constructor(link: ChannelLink, ids: IdSpace) {
    this.#link = link;
    this.#ids = ids;
    this.#next = ids.first;
  }

  /** Channels that are not closed. */
  get size(): number {
    return this.#states.size;
  }

  states(): IterableIterator<ChannelState> {
    return this.#states.values();
  }

  get(id: number): ChannelState | undefined {
    return this.#states.get(id);
  }

  delete(id: number): void {
    this.#states.delete(id);
    this.#link.counted(this.#states.size);
  }

  /** A new channel of this end. */
  create(): Channel {
    while (this.#states.has(this.#next)) this.#advance();
    const id = this.#next;
    this.#advance();
    return this.#facade(this.#add(id));
  }

  /** The channel with this id, made known if it is not: for ids that arrive inside items. */
  adopt(id: number): Channel {
    const state = this.#states.get(id) ?? this.#add(id);
    return (state.facade?.deref() as Channel | undefined) ?? this.#facade(state);
  }

  /** The peer is about to send this id inside an item on `carrier`; frames for it may come before the item is read. */
  announce(id: number, carrier: ChannelState): void {
    if (this.#states.has(id)) return;
    const state = this.#add(id);
    if (carrier.closed) {
      // its item will never be read: the carrier only sends what it still had
      state.abandon();
      return;
    }
    carrier.announced ??= new Set();
    carrier.announced.add(id);
  }

  /** Announced channels whose items nobody will read. */
  dropAnnounced(ids: Iterable<number>): void {
    for (const id of ids) {
      const state = this.#states.get(id);
      if (state && state.facade === undefined) state.abandon();
    }
  }

  #add(id: number): ChannelState {
    const state = new ChannelState(id, this.#link);
    if (state.closed) return state;
    this.#states.set(id, state);
    this.#link.counted(this.#states.size);
    return state;
  }

  #facade(state: ChannelState): Channel {
    const channel = new Channel(state);
    state.facade = new WeakRef(channel);
    this.#dropped.register(channel, state);
    return channel;
  }

  #advance(): void {
    this.#next += this.#ids.step;
    if (this.#next > MAX_ID) this.#next = this.#ids.first;
  }
}
