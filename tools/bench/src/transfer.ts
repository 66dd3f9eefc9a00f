import { type Channel, type Gateway, makeGateway } from 'execnet';
import { throughChannel } from './benchmarks/round-trip.ts';
import { milliseconds } from './rounds.ts';

const MEBIBYTE = 1024 * 1024;

/** A gateway with code that answers items, takes binaries and gives binaries: what is measured over any way to a remote end. */
export class Transfer implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly #echo: Channel<number, number>;
  readonly #reader: Channel<number, Uint8Array | number>;
  readonly #writer: Channel<Uint8Array, number>;

  private constructor(gateway: Gateway) {
    this.gateway = gateway;
    this.#echo = gateway.remoteExec((channel: Channel<number, number>) => {
      for (const item of channel.sync()) channel.sendSync(item);
    });
    this.#reader = gateway.remoteExec((channel: Channel<Uint8Array | number, number>) => {
      for (const expected of channel.sync()) {
        for (let i = 0; i < (expected as number); i++) channel.receiveSync();
        channel.sendSync(0);
      }
    });
    this.#writer = gateway.remoteExec(async (channel: Channel<number, Uint8Array>) => {
      const sent = new Uint8Array(1024 * 1024);
      for await (const expected of channel) for (let i = 0; i < expected; i++) await channel.send(sent);
    });
  }

  static async make(spec: string): Promise<Transfer> {
    return new Transfer(await makeGateway(spec));
  }

  /** Milliseconds for one of `count` round trips. */
  async roundTrip(count: number): Promise<number> {
    return await throughChannel(this.#echo, count);
  }

  /** Bytes per second of `count` binaries of 1 MiB, until the other end has said that it has the last. */
  async out(count: number): Promise<number> {
    const block = new Uint8Array(MEBIBYTE);
    await this.#reader.send(count);
    return await rate(count, async () => {
      for (let i = 0; i < count; i++) await this.#reader.send(block);
      await this.#reader.receive();
    });
  }

  async in(count: number): Promise<number> {
    return await rate(count, async () => {
      await this.#writer.send(count);
      for (let i = 0; i < count; i++) await this.#writer.receive();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of [this.#echo, this.#reader, this.#writer]) channel.close();
    await this.gateway.terminate();
  }
}

/** Bytes per second of `count` MiB. */
export async function rate(count: number, work: () => Promise<unknown>): Promise<number> {
  return ((count * MEBIBYTE) / (await milliseconds(work))) * 1000;
}
