import { ProtocolError } from '../../errors/index.ts';
import {
  Code,
  codeName,
  encodeFrame,
  FrameDecoder,
  HEADER_SIZE,
  int32Payload,
  writeHeader,
} from '../../wire/index.ts';
import type { Route, RouterOptions, Routing } from '../router.ts';
import { channelsIn } from './channels-in.ts';

interface Kept {
  readonly code: number;
  readonly payload: Uint8Array;
}

/** The highest code of execnet's; what lies above it is ours. */
const MAX_PLAIN_CODE: number = Code.CHANNEL_LAST_MESSAGE;

/**
 * Routing for a master that speaks plain execnet. It says with nothing that a channel is inside an item, so items are looked through, and the
 * thread that gets one is told by the BIND that a peer of ours would have sent.
 *
 * What comes for a channel that nobody has got yet is dropped, as execnet does; an execution that waits for a thread has everything kept, however much
 * it is: there is no credit that would bound it.
 */
export class PlainRouter implements Routing {
  readonly #control: RouterOptions['control'];
  readonly #routes = new Map<number, Route>();
  /** What has come for executions that have no thread yet. */
  readonly #waiting = new Map<number, Kept[]>();
  readonly #decoder = new FrameDecoder((code, id, payload) => this.#frame(code, id, payload));

  constructor({ control }: Pick<RouterOptions, 'control'>) {
    this.#control = control;
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  bind(id: number, route: Route): void {
    this.#routes.set(id, route);
    const kept = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const { code, payload } of kept) this.#pass(route, code, id, payload);
  }

  unbind(id: number): void {
    this.#routes.delete(id);
    this.#waiting.delete(id);
  }

  drop(route: Route): number[] {
    const ids = [...this.#routes].filter(([, owner]) => owner === route).map(([id]) => id);
    for (const id of ids) this.unbind(id);
    return ids;
  }

  #frame(code: number, id: number, payload: Uint8Array): void {
    if (code > MAX_PLAIN_CODE)
      throw new ProtocolError(`${codeName(code)} arrived, which execnet does not know`);
    if (isControl(code, id)) {
      if (code === Code.CHANNEL_EXEC) this.#waiting.set(id, []);
      this.#control(code, id, payload);
      return;
    }
    const route = this.#routes.get(id);
    if (route) this.#pass(route, code, id, payload);
    else this.#waiting.get(id)?.push({ code, payload: payload.slice() });
  }

  // oxlint-disable-next-line max-params
  #pass(route: Route, code: number, id: number, payload: Uint8Array): void {
    if (code === Code.CHANNEL_DATA) for (const one of channelsIn(payload)) this.#carried(route, id, one);
    const header = new Uint8Array(HEADER_SIZE);
    writeHeader(header, 0, code, id, payload.length);
    route.write(header, payload.length);
    route.write(payload, 0);
  }

  #carried(route: Route, carrier: number, id: number): void {
    route.insert(encodeFrame(Code.BIND, carrier, int32Payload(id)));
    // an execution that waits gets a thread of its own
    if (!this.#waiting.has(id)) this.#routes.set(id, route);
  }
}

function isControl(code: number, id: number): boolean {
  switch (code) {
    case Code.STATUS:
    case Code.GATEWAY_TERMINATE:
    case Code.CHANNEL_EXEC:
      return true;
    case Code.RECONFIGURE:
      // of a channel it is for whoever has that
      return id === 0;
    default:
      return false;
  }
}
