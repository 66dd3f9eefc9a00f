import { randomBytes } from 'node:crypto';
import { MAX_DELAY, orAborted, type WaitOptions } from '../channel/index.ts';
import { clearTimeout, setTimeout } from '../clock.ts';
import { ConnectError, SpecError } from '../errors/index.ts';
import { localHost } from '../host/index.ts';
import { abortWith } from '../on-abort.ts';
import { loadAnalyser } from '../purity/index.ts';
import type { Command, Connection, ConnectionSink, Trace } from '../registry/contracts.ts';
import type { Registry } from '../registry/index.ts';
import { execnetFormat, msgpack } from '../serializer/index.ts';
import type { Spec } from '../spec/index.ts';
import { checkClock } from './check-clock.ts';
import { howItEnded } from './connection-lost.ts';
import { Gateway } from './gateway.ts';
import { Handshake } from './handshake.ts';
import { trace } from './trace.ts';

/** Booting takes a fraction of a second; a loaded machine, or a network, some seconds. What takes longer hangs. */
const DEFAULT_TIMEOUT = 30_000;

/** Seconds between two pings over a network, without `keepalive=`. */
const DEFAULT_KEEPALIVE = 15;

const silent: Trace = () => {};

/**
 * Starts an interpreter and shakes hands with it. Rejects with a `SpecError`, a `ConnectError` whose code says what went wrong, or the
 * reason of `signal`; nothing is left behind then.
 */
export async function openGateway(
  spec: Spec,
  id: string,
  { registry, via, ...wait }: WaitOptions & { registry: Registry; via: Gateway | undefined },
): Promise<Gateway> {
  const host = via?.host ?? localHost;
  const { transport, interpreter, execmodel } = registry.resolve(spec, {
    hostInterpreter: host.interpreter.field,
  });
  if (transport.starts === 'peer')
    throw new SpecError(
      'ERR_EXECNET_SPEC',
      `${spec.redacted()}: transports to running peers are not supported by this version`,
    );
  const timeout = wait.timeout ?? DEFAULT_TIMEOUT;
  wait.signal?.throwIfAborted();
  const checked = checkClock();
  checked.catch(() => {});
  const token = `execnet:${randomBytes(12).toString('hex')}:`;
  const { chdir, nice, env, keepalive } = spec.core;
  const elsewhere = transport.place === 'elsewhere';
  const beside = !elsewhere && interpreter.field === host.interpreter.field;
  const seconds = keepalive ?? (elsewhere ? DEFAULT_KEEPALIVE : undefined);
  const lease = seconds && seconds * 1000;
  const boot = await interpreter.boot({
    id,
    spec,
    execmodel,
    token,
    local: !elsewhere && !via,
    ...(beside ? { executable: host.interpreter.path } : {}),
    ...(lease === undefined ? {} : { lease }),
  });
  await checked;
  const command: Command = {
    ...boot.command,
    env: {
      ...(beside && !spec.has(interpreter.field) ? host.interpreter.env : {}),
      ...boot.command.env,
      ...env,
    },
    ...(chdir === undefined ? {} : { cwd: chdir }),
    ...(nice === undefined ? {} : { nice }),
  };
  const handshake = new Handshake(token, command, (refusal) => interpreter.explain?.(refusal));
  const over = new AbortController();
  const { signal } = over;
  const release = abortWith(over, wait.signal);
  const timer = setTimeout(
    () =>
      over.abort(
        new ConnectError(
          'ERR_EXECNET_CONNECT_TIMEOUT',
          `${spec.redacted()}: no hello within ${timeout} ms${handshake.said()}`,
        ),
      ),
    Math.min(timeout, MAX_DELAY),
  );
  try {
    const connection = await transport.connect(spec, {
      host,
      command,
      signal,
      trace: trace ?? silent,
    });
    try {
      const gateway = await greet(connection, boot.preamble(), {
        handshake,
        signal,
        parts: { id, spec, interpreter, execmodel: execmodel.name, lease, compiled: boot.compiled },
      });
      via?.carries(gateway);
      return gateway;
    } catch (error) {
      await connection.abort().catch(() => {});
      throw error;
    }
  } finally {
    clearTimeout(timer);
    release();
  }
}

interface GreetOptions {
  readonly handshake: Handshake;
  readonly signal: AbortSignal;
  readonly parts: Omit<ConstructorParameters<typeof Gateway>[0], 'connection' | 'serializer' | 'hello'>;
}

async function greet(
  connection: Connection,
  preamble: Uint8Array,
  { handshake, signal, parts }: GreetOptions,
): Promise<Gateway> {
  const { interpreter } = parts;
  const serializer = interpreter.family === 'python' ? execnetFormat() : msgpack();
  let gateway: Gateway | undefined;
  let over: { reason: Error | undefined } | undefined;
  const printed: Parameters<ConnectionSink['output']>[] = [];
  connection.start({
    data: (chunk) => (gateway ? gateway.data(chunk) : handshake.data(chunk)),
    output: (stream, chunk) => {
      if (gateway) return gateway.output(stream, chunk);
      if (handshake.printed(stream, chunk)) printed.push([stream, chunk]);
      return undefined;
    },
    end: (reason) => {
      over = { reason };
      if (gateway) void gateway.end(reason);
      else void howItEnded(connection).then((exit) => handshake.ended(exit));
    },
  });
  connection.write(preamble);
  // takes about as long as the interpreter needs to boot
  const analyser = interpreter.request ? undefined : loadAnalyser();
  const hello = await orAborted(handshake.greeting, signal);
  gateway = new Gateway({ ...parts, connection, serializer, hello });
  for (const [stream, chunk] of printed) void gateway.output(stream, chunk);
  // whatever came between the greeting and here
  if (handshake.rest.length > 0) gateway.data(handshake.rest);
  if (over) void gateway.end(over.reason);
  await analyser;
  connection.unref();
  return gateway;
}
