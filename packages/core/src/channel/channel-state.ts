import { setImmediate } from '../clock.ts';
import { describeError, RemoteError, type RemoteErrorData } from '../errors/index.ts';
import { promised } from '../promised.ts';
import type { StringOptions } from '../serializer/types.ts';
import { checkForCall, isStackOverflow } from '../stack-room.ts';
import { Code, EMPTY, HEADER_SIZE, int32Payload } from '../wire/index.ts';
import type { ChannelLink } from './channel-link.ts';
import { CloseWaiters } from './close-waiters.ts';
import { Ending } from './ending.ts';
import { ItemAssembly } from './item-assembly.ts';
import { ItemQueue, PACK_LIMIT } from './item-queue.ts';
import { ReceiveWindow } from './receive-window.ts';
import { Sender } from './sender.ts';
import type { Waiter } from './waiter.ts';

const needStackToClose = checkForCall();
const needStackToCallBack = checkForCall();
const needStackToDrop = checkForCall();

const DONE: Promise<void> = Promise.resolve();

/** Credit for a peer whose items are dropped as they arrive: they take no memory here. */
const UNLIMITED = 0x7fffffff;

/** Takes items as they arrive; a returned promise stalls the channel until it settles. */
export interface Callback {
  item(value: unknown, owned: boolean): unknown;
  /** A returned promise that rejects is a failure, too. */
  end(): unknown;
  /** It gets the bytes of items instead of their values; unless `owned`, during the call only. */
  readonly raw?: boolean;
  /** Whether it keeps the program alive; default: true. */
  readonly held?: boolean;
}

/**
 * What a link knows about one channel. The link holds it strongly; the user's `Channel` is held weakly by the link and holds this strongly,
 * so that a channel which the user has dropped is noticed.
 */
export class ChannelState {
  readonly id: number;
  readonly link: ChannelLink;
  readonly sender: Sender;
  /** The user's object, if it is still there. */
  facade: WeakRef<object> | undefined;
  /** There is an execution of ours behind it at the remote end. */
  execution = false;
  /** The execution that it was given to, if that is known; null if it was given to several. */
  owner: ChannelState | null | undefined;
  /** Its id is inside an item that was not read yet: the link keeps it for that reader, also when it is closed already. */
  unread = false;
  /** It was inside an item, so that its id may turn up again after it was closed. */
  nested = false;
  /** Makes the error of what the other end closed with, for who knows more of its cause. */
  failure: ((error: RemoteErrorData) => RemoteError) | undefined;
  /** Called once when both directions are closed, and no execution of ours goes on behind it. */
  overHook: (() => void) | undefined;
  /** How strings of Python 2 and 3 arrive; undefined: as the format says by itself. */
  strings: StringOptions | undefined;
  /** Ids of channels inside items that were not read yet. */
  announced: Set<number> | undefined;

  /** Settles as {@link end} says; done at once after a close of this end, before which everything leaves as well. */
  #ended: Promise<void> | undefined;
  /** Everything has left, and the peer knows. */
  #sentAll = false;

  readonly #queue = new ItemQueue();
  readonly #window: ReceiveWindow;
  /** Credit that was granted and could not be written. */
  #owed = 0;
  #assembly: ItemAssembly | undefined;
  #waiters: Waiter[] = [];
  #wanted = false;
  #closeWaiters: CloseWaiters | undefined;
  #callback: Callback | undefined;
  #callbackBusy = false;
  #callbackDeferred = false;
  #receiveEnd: Ending | undefined;
  #errorSeen = false;
  #closed = false;
  #forgotten = false;
  #abort: AbortController | undefined;
  #cancelled: Error | undefined;
  /** The peer has closed it. */
  #closedThere = false;
  /** At the remote end: the execution behind it has ended, after the channel was closed. */
  #executionOver = false;
  /** Nothing arrives any more, but the execution behind it was not told yet to be over: it was closed or cancelled from here, or has sent all it wanted to. */
  #goesOn = false;
  /** The execution was cancelled from here: the channel has come to its end when that has. */
  #givenUp = false;
  #overEnd: Ending | undefined;

  constructor(id: number, link: ChannelLink) {
    this.id = id;
    this.link = link;
    this.strings = link.strings;
    this.#window = new ReceiveWindow(link.budget);
    this.sender = new Sender(id, link);
    if (link.ended) this.linkEnded(link.ended);
  }

  /** Both directions are closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** It is closed without an error, and no channel inside its items is unread: nothing is to be done when nobody holds it any more. */
  get isDone(): boolean {
    const end = this.#overEnd ?? this.#receiveEnd;
    return this.#closed && !this.#goesOn && !this.announced?.size && end?.clean === true;
  }

  /** Nothing will arrive any more; what has arrived may still be read. */
  get receiveEnd(): Ending | undefined {
    return this.#receiveEnd;
  }

  /** Everything was taken that came before a clean end. */
  get isExhausted(): boolean {
    return (
      this.#queue.length === 0 && this.#receiveEnd?.clean === true && !this.#cancelled && !this.#callback
    );
  }

  get hasCallback(): boolean {
    return this.#callback !== undefined;
  }

  /** Nobody is concerned with how the execution that has this channel uses it: it was cancelled, or the end that has begun it listens no more. */
  get isLeftBehind(): boolean {
    const of = this.execution ? this : this.owner;
    return !!of && (of.#closedThere || of.#cancelled !== undefined);
  }

  /** An execution gets it, inside an item on its channel or on one that it was given. */
  givenOver(carrier: ChannelState): void {
    const owner = carrier.execution ? carrier : carrier.owner;
    if (this.owner === undefined || this.owner?.isLeftBehind) this.owner = owner;
    else if (this.owner !== owner) this.owner = null;
  }

  /** Why the execution behind this channel is to end. */
  get cancelled(): Error | undefined {
    return this.#cancelled;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#cancelled && !this.#abort.signal.aborted) this.#abort.abort(this.#cancelled);
    return this.#abort.signal;
  }

  // --- what arrives

  /** A whole item. */
  data(payload: Uint8Array, owned: boolean): void {
    if (this.#receiveEnd) return;
    const cost = payload.length + HEADER_SIZE;
    if (this.link.flow) {
      this.#owed += this.#window.arrived(cost, 0, this.#reading);
      this.#payOwed();
    }
    this.#deliver(payload, cost, owned);
  }

  /** The first, or a further, part of an item. */
  fragment(payload: Uint8Array, first: boolean): void {
    if (this.#receiveEnd) return;
    if (first) this.#assembly = ItemAssembly.begin(payload, this.#assembly);
    else this.#assembly = ItemAssembly.extend(payload, this.#assembly);
    const assembly = this.#assembly;
    this.#owed += this.#window.arrived(payload.length + HEADER_SIZE, assembly.missingCost, this.#reading);
    this.#payOwed();
    if (assembly.missing > 0) return;
    this.#assembly = undefined;
    this.#deliver(assembly.bytes, assembly.cost, true);
  }

  /** Where the bytes of a further part belong that does not arrive in one piece. */
  fragmentTarget(length: number): Uint8Array | undefined {
    return this.#assembly?.target(length);
  }

  credit(bytes: number): void {
    this.sender.credit(bytes);
  }

  /** The peer closed: with an error if its execution failed. Or an execution is over whose channel was closed from here. */
  peerClosed(error: RemoteErrorData | undefined): void {
    this.#closedThere = true;
    const reason = error
      ? Ending.failed(this.failure?.(error) ?? new RemoteError(error, this.#closed ? [] : undefined), this)
      : this.#ending('was closed by the other end');
    this.#end(reason);
  }

  /** The peer sends nothing more; an execution of ours that does so goes on. */
  peerEnded(): void {
    if (this.#receiveEnd) return;
    this.#goesOn = this.execution && this.link.local;
    this.#endReceiving(this.#ending('was ended by the other end'));
    if (this.#isOver) this.#closeOver();
  }

  /** The execution is to end: its owner wants it so, unless there is another reason. */
  cancel(reason: Error): void {
    if (this.#cancelled) return;
    this.#cancelled = reason;
    this.#abort?.abort(reason);
    for (const waiter of this.#takeWaiters()) waiter.fail(reason);
    this.sender.interrupt(reason);
  }

  linkEnded(error: Error): void {
    this.#end(Ending.failed(error));
  }

  #end(reason: Ending): void {
    const wentOn = this.#goesOn;
    this.#goesOn = false;
    this.#endReceiving(reason);
    if (wentOn && !reason.clean) {
      this.#errorSeen = false;
      if (this.#closed && !this.#givenUp) this.#warnOf(reason.error);
      else this.#overEnd = reason;
    }
    this.sender.close(reason);
    this.#settleClose();
    if (this.#closed) this.#over();
    else this.#finish();
  }

  // --- what the user does

  /** The next item at once, if there is one: check {@link available} first. */
  take(): unknown {
    const item = this.#queue.first();
    let value: unknown;
    try {
      value = this.#callback?.raw ? item.slice() : this.link.load(item, this.strings);
    } catch (error) {
      // else it may only be that the stack is used up: then the item stays
      needStackToDrop();
      this.#drop();
      throw error;
    }
    this.#drop();
    return value;
  }

  #drop(): void {
    this.#queue.drop();
    try {
      this.#consumed();
    } catch (error) {
      // what could not be granted is granted the next time
      if (!isStackOverflow(error)) throw error;
    }
    this.#wanted = false;
  }

  get available(): number {
    return this.#queue.length;
  }

  /** Why {@link take} will never give anything again; marks the failure as told. */
  endReason(): Ending | undefined {
    if (this.#receiveEnd) this.#errorSeen = true;
    return this.#receiveEnd;
  }

  /** The end, for those who wait for it: an execution that was cancelled, or has sent all, has to come to its end first. */
  closeReason(): Ending | undefined {
    if (this.#awaited) return undefined;
    if (this.#overEnd) this.#errorSeen = true;
    return this.#overEnd ?? this.endReason();
  }

  /** The end of the execution is still to come, although nothing else is. */
  get #awaited(): boolean {
    return this.#goesOn && (this.#givenUp || !this.#closed);
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.link.hold();
    this.#want();
  }

  unwait(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at < 0) return;
    this.#waiters.splice(at, 1);
    this.link.release();
  }

  /** Tells flow control that a reader is there, although no waiter is: before a blocking wait. Holds until the next item is taken. */
  want(): void {
    this.#wanted = true;
    this.#want();
  }

  waitClosed(waiter: Waiter): void {
    this.#closeWaiters ??= new CloseWaiters(this.id, this.link);
    this.#closeWaiters.add(waiter);
    if (this.#givenUp) this.#closeWaiters.watch();
  }

  unwaitClosed(waiter: Waiter): void {
    this.#closeWaiters?.delete(waiter);
  }

  setCallback(callback: Callback): void {
    needStackToCallBack();
    this.#callback = callback;
    if (callback.held !== false) this.link.hold();
    this.#want();
    this.#runCallback();
  }

  /** Sends nothing more: when everything sent before has left, the peer is told. */
  end(): Promise<void> {
    if (this.#ended) return this.#ended;
    const { id, link, sender } = this;
    if (sender.closed) return Promise.reject(sender.closed.error);
    needStackToClose();
    const reason = this.#ending('was ended: nothing can be sent after end()');
    this.#ended = new Promise((resolve, reject) => {
      sender.closeAfterPending(reason, (failure) => {
        if (failure) {
          reject(failure);
          return;
        }
        this.#sentAll = true;
        if (this.#isOver) this.#closeOver();
        // to a peer that speaks plain execnet it would say that the execution is over
        else if (link.flow || !this.execution) link.writeFrame(Code.CHANNEL_LAST_MESSAGE, id, EMPTY);
        resolve(link.drained(0));
      });
    });
    return this.#ended;
  }

  /** An execution of ours is behind it, and was not told yet to be over. */
  get runs(): boolean {
    return this.execution && this.link.local && (!this.#receiveEnd || this.#goesOn);
  }

  /** Closes both directions. What was sent before leaves first; an execution behind the channel goes on. */
  close(error?: unknown): void {
    if (this.#closed) return;
    needStackToClose();
    const reason = this.#ending('is closed');
    const payload = error === undefined ? undefined : this.#dumpError(error);
    this.#ended ??= DONE;
    this.#keepRunning();
    this.#closeWith(reason, payload);
  }

  /**
   * Has the execution behind it stop, and drops what has arrived: everything here fails with `reason` from now on. A channel without one is closed, and the
   * peer is told the reason.
   */
  giveUp(reason: unknown): void {
    if (this.#givenUp || (this.#closed && !this.#goesOn)) return;
    needStackToClose();
    const ending = Ending.failed(reason);
    if (!this.runs || !this.link.flow) {
      const payload = this.#dumpError(reason);
      this.#queue.clear();
      this.#closeWith(ending, payload);
      return;
    }
    this.#queue.clear();
    // it may be what keeps the peer from reading: it can't wait for what waits
    this.link.writeFrame(Code.CANCEL, this.id, EMPTY);
    this.#givenUp = true;
    this.#errorSeen = true;
    this.#keepRunning();
    this.sender.giveUp(ending);
    if (this.#receiveEnd) this.#receiveEnd = ending;
    if (!this.#closed) this.#closeWith(ending, undefined);
    this.#closeWaiters?.watch();
  }

  /** The execution behind it, if there is one, outlives the channel: its end is waited for. */
  #keepRunning(): void {
    if (!this.runs || !this.link.flow) return;
    this.#goesOn = true;
    this.link.goesOn(this.id, this);
  }

  /** Closes both directions; the peer is told when everything sent before has left. */
  #closeWith(reason: Ending, payload: Uint8Array | undefined): void {
    this.sender.closeAfterPending(reason, (failure) => {
      if (!failure || this.#isWaitedFor) this.#writeClose(payload);
      this.#forget();
    });
    this.#endReceiving(reason);
    this.#finish();
  }

  /** The other end waits for the close also where what was sent before can't leave any more. */
  get #isWaitedFor(): boolean {
    return this.link.local || this.#executionOver;
  }

  /**
   * The execution behind this channel is over: what it sent leaves first, then `over` is called, then the close is written. `over` is called
   * exactly once, also when the channel is closed already.
   */
  finish(failure: { readonly error: unknown } | undefined, over: () => void): void {
    const told = !this.#closed || (this.#closedThere && this.link.flow);
    const payload = told && failure ? this.#dumpError(failure.error) : undefined;
    if (this.#closed) {
      this.#executionOver = true;
      over();
      if (told) this.#writeClose(payload);
      else if (failure) this.link.warn('an execution failed whose channel was closed before:', failure.error);
      return;
    }
    const reason = this.#ending('is closed: its execution has ended');
    this.#ended ??= DONE;
    this.sender.closeAfterPending(reason, () => {
      over();
      // also when what was to leave before can't any more: the other end may have closed meanwhile, and waits for that
      this.#writeClose(payload);
      this.#endReceiving(reason);
      this.#finish();
      this.link.flush();
    });
  }

  /** The item with its id was read, or never will be. */
  found(): void {
    this.unread = false;
    this.#forget();
  }

  /** Nobody holds the channel any more: the peer is told that nobody listens, and whatever runs there goes on. */
  abandon(): void {
    if (this.#closed || this.link.ended) {
      this.#dropped();
      this.#forget();
      return;
    }
    const reason = this.#ending('is gone');
    if (!this.#callback) this.#keepRunning();
    this.sender.closeAfterPending(reason, (failure) => {
      if (!failure || this.#isWaitedFor)
        this.link.writeFrame(this.#callback ? Code.CHANNEL_LAST_MESSAGE : Code.CHANNEL_CLOSE, this.id, EMPTY);
      this.#forget();
    });
    if (this.#callback) return;
    this.#endReceiving(reason);
    this.#finish();
  }

  // --- inside

  #ending(what: string): Ending {
    return Ending.closed(`channel ${this.id} of ${this.link.name} ${what}`, this);
  }

  get #reading(): boolean {
    return this.#wanted || this.#waiters.length > 0 || (this.#callback !== undefined && !this.#callbackBusy);
  }

  #deliver(payload: Uint8Array, cost: number, owned: boolean): void {
    const waiter = this.#queue.length === 0 ? this.#waiters.shift() : undefined;
    if (
      waiter === undefined &&
      (this.#queue.length > 0 || this.#callback === undefined || this.#callbackBusy || this.link.blocked)
    ) {
      this.#queue.push(payload, cost, owned);
      if (this.#callback && !this.#callbackBusy) this.#runCallback();
      return;
    }
    // the common case of a reader that waits: decoded from where it lies, nothing is queued
    let value: unknown;
    let failure: Error | undefined;
    try {
      value = this.#callback?.raw
        ? payload
        : this.link.load(owned || payload.length < PACK_LIMIT ? payload : payload.slice(), this.strings);
    } catch (error) {
      failure = error as Error;
    }
    if (waiter) {
      this.link.release();
      if (failure) waiter.fail(failure);
      else waiter.deliver(value);
    } else if (failure) this.#callbackFailed(failure);
    else this.#callItem(value, owned);
    this.#queue.spent += cost;
    this.#consumed();
  }

  #callItem(value: unknown, owned: boolean): void {
    let settled: Promise<unknown> | undefined;
    try {
      settled = promised(this.#callback?.item(value, owned));
    } catch (error) {
      this.#callbackFailed(error);
      return;
    }
    if (!settled) return;
    this.#callbackBusy = true;
    settled.then(
      () => {
        this.#callbackBusy = false;
        this.#want();
        this.#runCallback();
      },
      (error: unknown) => {
        this.#callbackBusy = false;
        this.#callbackFailed(error);
      },
    );
  }

  /** A callback that throws fails its channel: the other end is told, as is who waits for the close here. */
  #callbackFailed(thrown: unknown): void {
    this.#queue.clear();
    if (!this.#closed) {
      const payload = this.#dumpError(thrown);
      const reason = Ending.failed(
        thrown ?? new Error(`the callback of channel ${this.id} has thrown ${String(thrown)}`),
      );
      if (this.#receiveEnd) this.#receiveEnd = reason;
      this.#keepRunning();
      this.#closeWith(reason, payload);
    } else if (!this.#givenUp)
      this.link.warn(`the callback of channel ${this.id} failed after the channel was closed`, thrown);
    this.#runCallback();
  }

  #runCallback(): void {
    if (this.#callback && this.link.blocked) {
      // user code of a blocked thread waits until the thread goes on
      if (this.#callbackDeferred) return;
      this.#callbackDeferred = true;
      setImmediate(() => {
        this.#callbackDeferred = false;
        this.#runCallback();
      });
      return;
    }
    while (this.#callback && !this.#callbackBusy && this.#queue.length > 0) {
      let value: unknown;
      try {
        value = this.take();
      } catch (error) {
        this.#callbackFailed(error);
        return;
      }
      this.#callItem(value, true);
    }
    if (this.#callback && !this.#callbackBusy && this.#receiveEnd && this.#queue.length === 0) {
      const callback = this.#callback;
      this.#callback = undefined;
      if (callback.held !== false) this.link.release();
      const failed = (error: unknown): void =>
        this.link.warn(`the callback of channel ${this.id} failed at its end marker`, error);
      try {
        promised(callback.end())?.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Items were taken. Nothing is forgotten where the stack is used up in between: the next call finds it. */
  #consumed(): void {
    if (this.#queue.length === 0) this.announced = undefined;
    if (!this.link.flow) return;
    this.#window.consumed(this.#queue.spent);
    this.#queue.spent = 0;
    this.#owed += this.#window.granted(this.#reading);
    this.#payOwed();
  }

  #want(): void {
    if (!this.link.flow) return;
    if (this.#queue.spent > 0) this.#consumed();
    this.#owed += this.#window.wanted();
    this.#payOwed();
  }

  #payOwed(): void {
    if (this.#owed === 0 || this.#receiveEnd) return;
    this.link.writeFrame(Code.CREDIT, this.id, int32Payload(this.#owed));
    this.#owed = 0;
  }

  #endReceiving(reason: Ending): void {
    if (this.#receiveEnd) return;
    this.#receiveEnd = reason;
    this.#assembly = undefined;
    this.#window.close();
    const waiters = this.#takeWaiters();
    if (waiters.length > 0) this.#errorSeen = true;
    for (const waiter of waiters) waiter.fail(reason.error);
    this.#settleClose();
    if (!this.#callbackBusy) this.#runCallback();
  }

  #settleClose(): void {
    const end = this.#overEnd ?? this.#receiveEnd;
    if (end && !this.#awaited && this.#closeWaiters?.settle(end)) this.#errorSeen = true;
  }

  #writeClose(error: Uint8Array | undefined): void {
    if (error) this.link.writeFrame(Code.CHANNEL_CLOSE_ERROR, this.id, error);
    else this.link.writeFrame(Code.CHANNEL_CLOSE, this.id, EMPTY);
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (let i = 0; i < waiters.length; i++) this.link.release();
    return waiters;
  }

  /** Both directions have ended, and there is no execution that has to tell how it ends. */
  get #isOver(): boolean {
    return this.#sentAll && this.#receiveEnd !== undefined && !this.execution;
  }

  #closeOver(): void {
    this.#writeClose(undefined);
    this.#finish();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    // it knows where the execution was begun, and so what that was called on
    this.failure = undefined;
    this.#settleClose();
    this.#over();
    this.#forget();
    // what still waits here leaves when the peer reads; so it must not hang in sending what nobody will read
    if (this.sender.waiting && this.link.flow)
      this.link.writeFrame(Code.CREDIT, this.id, int32Payload(UNLIMITED));
  }

  #over(): void {
    if (this.#goesOn) return;
    this.overHook?.();
    this.overHook = undefined;
    if (!this.unread && this.facade?.deref() === undefined) this.#dropped();
  }

  /** Leaves the link, which is what brings credit: so not before everything that was sent has left. */
  #forget(): void {
    if (!this.#closed || this.#forgotten || this.unread || this.sender.waiting) return;
    this.#forgotten = true;
    this.link.forget(this.id);
  }

  #dropped(): void {
    if (this.announced) this.link.dropAnnounced(this.announced);
    this.warnUnseen();
  }

  /** Nobody will ask any more how it ended: a failure that nobody has heard of is a warning. */
  warnUnseen(): void {
    const end = this.#overEnd ?? this.#receiveEnd;
    if (this.#errorSeen || this.#cancelled || end === undefined || end.clean) return;
    this.#warnOf(end.error);
  }

  /** Nobody has heard of it. */
  #warnOf(error: Error): void {
    if (!(error instanceof RemoteError)) return;
    this.#errorSeen = true;
    const { id, link } = this;
    link.warn(
      this.execution && link.local
        ? `an execution of ${link.name} failed and nobody received its error (channel ${id})`
        : `channel ${id} of ${link.name} was closed with an error that nobody received`,
      error,
    );
  }

  #dumpError(error: unknown): Uint8Array {
    return this.link.dumpError(describeError(error));
  }
}
