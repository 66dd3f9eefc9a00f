import { ProtocolError } from '../errors/index.ts';
import { checkForStep } from '../stack-room.ts';
import { Channel } from './channel.ts';
import type { ChannelLink, ClosedChannel } from './channel-link.ts';
import { ChannelState } from './channel-state.ts';

const needStack = checkForStep();

/** How an end numbers the channels that it makes. */
export interface IdSpace {
  readonly first: number;
  readonly step: number;
}

/** Ids are positive `int32`; after the last one numbering begins again, past what is still open. */
export const MAX_ID = 0x7fffffff;

/**
 * Closed channels whose ids are known for closed when they turn up in a further item: without that they would be taken for new ones, on which
 * nothing ever arrives. That takes an item with the channel sent before its close and read after it; so few are under way at a time.
 */
const REMEMBERED = 1024;

/**
 * A peer that announces channels beyond so many open ones has lost count: each takes half a kilobyte here, and flow control counts only the
 * bytes of the items that carry them.
 */
const MAX_ANNOUNCED = 131_072;

/** Channels of the peer that it uses before they are announced, and for which frames are kept. Each may bring an initial window. */
const MAX_HELD = 4096;

/** The channels of one link, by id. */
export class ChannelTable {
  readonly #link: ChannelLink;
  readonly #ids: IdSpace;
  readonly #states = new Map<number, ChannelState>();
  readonly #dropped = new FinalizationRegistry<ChannelState>((state) => state.abandon());
  /** Executions that outlive their channels. */
  readonly #goingOn = new Map<number, ClosedChannel>();
  /** Closed channels that were inside items, and what users may hold of them. */
  readonly #gone = new Map<number, WeakRef<object> | undefined>();
  /** Those that the peer has made and used, and not handed over yet. */
  readonly #held = new Set<number>();
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

  /** Tells every channel, and every closed one whose execution goes on, that the link has ended. */
  linkEnded(reason: Error): void {
    for (const state of this.#states.values()) state.linkEnded(reason);
    for (const channel of this.#goingOn.values()) channel.linkEnded(reason);
    this.#goingOn.clear();
  }

  get(id: number): ChannelState | undefined {
    return this.#states.get(id);
  }

  goesOn(id: number, channel: ClosedChannel): void {
    this.#goingOn.set(id, channel);
  }

  /** The channel that a close from the peer is for: it may be closed already, and then that tells of the end of its execution. */
  takeClosing(id: number): ClosedChannel | undefined {
    const closed = this.#goingOn.get(id);
    if (closed) this.#goingOn.delete(id);
    const state = this.#states.get(id);
    // made, used and closed there, and nobody here will hear of it
    if (state && this.#held.delete(id)) state.unread = false;
    return closed ?? state;
  }

  /** The state for what comes on an unknown channel that the peer has made and will hand over, if ever, in a later item. Undefined for what was closed here. */
  hold(id: number): ChannelState | undefined {
    if (id % 2 === this.#ids.first % 2 || this.#gone.has(id) || this.#held.size >= MAX_HELD) return undefined;
    const state = this.#add(id);
    state.unread = true;
    state.nested = true;
    this.#held.add(id);
    return state;
  }

  delete(id: number): void {
    const state = this.#states.get(id);
    if (!state) return;
    this.#states.delete(id);
    this.#link.counted(this.#states.size);
    if (state.nested) this.#remember(id, state.facade);
    const channel = state.execution && !this.#link.local && !state.isDone && state.facade?.deref();
    if (channel) this.#dropped.register(channel, state);
  }

  #remember(id: number, facade: WeakRef<object> | undefined): void {
    this.#gone.set(id, facade);
    if (this.#gone.size > REMEMBERED) this.#gone.delete(this.#gone.keys().next().value as number);
  }

  /** A new channel of this end. */
  create(): Channel {
    needStack();
    while (this.#states.has(this.#next) || this.#goingOn.has(this.#next)) this.#advance();
    const id = this.#next;
    this.#advance();
    return this.#facade(this.#add(id));
  }

  /** Closes the channels of this end that were never sent: the peer knows none of them. */
  closeUnsent(): void {
    const own = this.#ids.first % 2;
    for (const state of this.#states.values())
      if (state.id % 2 === own && !state.nested && !state.execution) state.close();
  }

  /** The channel with this id, made known if it is not: for ids that arrive inside items. */
  adopt(id: number): Channel {
    const state = this.#states.get(id) ?? this.#add(id);
    return (state.facade?.deref() as Channel | undefined) ?? this.#facade(state);
  }

  /**
   * The channel of an execution that begins here. That holds it until it is over, and closes it then; so it is watched from then on, if there is still something to tell: what
   * is watched leaves V8's memory only when all of that is collected, not only what is young.
   */
  begin(id: number): Channel {
    const state = this.#states.get(id) ?? this.#add(id);
    state.execution = true;
    const channel = new Channel(state);
    state.facade = new WeakRef(channel);
    return channel;
  }

  /** The channel with this id, which came inside an item: a closed one if it was closed meanwhile. */
  find(id: number): Channel {
    const known = this.#states.get(id);
    if (known === undefined && this.#gone.has(id)) {
      const gone = this.#gone.get(id)?.deref() as Channel | undefined;
      return gone ?? this.#closed(id);
    }
    const channel = this.adopt(id);
    const state = known ?? this.#states.get(id);
    if (state) {
      state.nested = true;
      if (state.unread) state.found();
    }
    return channel;
  }

  #closed(id: number): Channel {
    const state = new ChannelState(id, this.#link);
    state.peerClosed(undefined);
    return this.#facade(state);
  }

  /** The peer is about to send this id inside an item on `carrier`; frames for it may come before the item is read. */
  announce(id: number, carrier: ChannelState | undefined): void {
    const known = this.#states.get(id);
    const held = this.#held.delete(id);
    if (known && !held) {
      if (carrier) known.givenOver(carrier);
      return;
    }
    // what is closed is known to be so there, or will be soon: that of an execution's arguments may be before its announcement is read
    if (this.#gone.has(id) || (!carrier && id % 2 === this.#ids.first % 2)) return;
    if (this.#states.size >= MAX_ANNOUNCED)
      throw new ProtocolError(`the peer announces more than ${MAX_ANNOUNCED} channels`);
    const state = known ?? this.#add(id);
    if (carrier) state.givenOver(carrier);
    if (!carrier || carrier.closed) {
      // its item will never be read: the carrier is gone, or only sends what it still had
      state.abandon();
      return;
    }
    state.unread = true;
    state.nested = true;
    carrier.announced ??= new Set();
    carrier.announced.add(id);
  }

  /** Announced channels whose items nobody will read. */
  dropAnnounced(ids: Iterable<number>): void {
    for (const id of ids) {
      const state = this.#states.get(id);
      if (state === undefined || state.facade !== undefined) continue;
      state.found();
      state.abandon();
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
