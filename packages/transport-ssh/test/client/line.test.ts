import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Host, quoteWords } from '@execnet/core/plugin';
import ssh2, { type Connection, type ParsedKey } from 'ssh2';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Line } from '../../src/client/line.ts';
import { Lines } from '../../src/client/lines.ts';
import { type Destination, resolveDestination } from '../../src/config/index.ts';
import { failureOf } from '../config/failure.ts';
import { Folder } from '../config/folder.ts';

const newKey = (): string => ssh2.utils.generateKeyPairSync('ed25519').private;

interface Connected extends AsyncDisposable {
  readonly line: Line;
  readonly destination: Destination;
  /** Whether the connection keeps the program alive. */
  readonly held: boolean;
  /** The server's side of it. */
  readonly connection: Connection;
  /** Below that. */
  readonly socket: Socket;
}

/** A line to a server of this process, which takes anybody, and opens sessions in which nothing happens, if it answers. */
async function connected(answers: () => boolean = () => true): Promise<Connected> {
  const connections: [Connection, Socket][] = [];
  const server = new ssh2.Server({ hostKeys: [newKey()] });
  server.on('connection', (connection) => {
    connection.on('error', () => {});
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      if (answers()) accept().on('exec', (accept) => accept());
    });
  });
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    server.once('connection', (connection) => connections.push([connection, socket]));
    server.injectSocket(socket);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  using folder = new Folder();
  const words = ['-p', String(port), '-o', 'StrictHostKeyChecking=accept-new', 'me@127.0.0.1'];
  const destination = await resolveDestination(quoteWords(words), {
    configFile: folder.write('config', `UserKnownHostsFile ${folder.path}/known_hosts\n`),
    env: {},
  });
  const stream = connect(port, '127.0.0.1');
  let held = true;
  const wire = {
    stream,
    ref: () => {
      held = true;
    },
    unref: () => {
      held = false;
    },
    whyEnded: async () => undefined,
    abort: async () => void stream.destroy(),
  };
  const { signal } = new AbortController();
  const line = await Line.login(wire, destination, { signal, options: {}, place: '' });
  line.retain();
  const [connection, socket] = connections[0] as [Connection, Socket];
  return {
    line,
    destination,
    get held() {
      return held;
    },
    connection,
    socket,
    async [Symbol.asyncDispose]() {
      stream.destroy();
      socket.destroy();
      listener.close();
      await line.closed;
    },
  };
}

test('a connection whose server shows another key when new ones are made ends, and says so', async () => {
  await using one = await connected();
  await one.line.run('something');
  // no server has a way to do that
  const {
    _protocol: { _hostKeys: keys },
  } = one.connection as unknown as { _protocol: { _hostKeys: Record<string, ParsedKey> } };
  keys['ssh-ed25519'] = ssh2.utils.parseKey(newKey()) as ParsedKey;
  one.connection.rekey();
  await one.line.closed;
  assert.is(one.line.usable, false);
  const failure = await failureOf(one.line.run('more'));
  assert.is(failure, one.line.failure);
  assert.match(failure.message, /failed: 127\.0\.0\.1 shows another host key/);
  assert.is((failure.cause as { code?: string }).code, 'ERR_EXECNET_HOST_KEY_CHANGED');
});

for (const [how, end] of [
  ['bytes that are no packet, and a reset', (socket: Socket) => socket.write(Buffer.alloc(5000, 255))],
  ['a reset', () => {}],
] as const)
  test(`${how}: the connection ends once, with the first reason`, async () => {
    await using one = await connected();
    const channel = await one.line.run('something');
    const failed = once(channel.resume(), 'close');
    end(one.socket);
    one.socket.resetAndDestroy();
    await Promise.all([one.line.closed, failed]);
    // whatever else is told
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { failure } = one.line;
    assert.match(failure?.message ?? '', /^the ssh connection to 127\.0\.0\.1:\d+ failed: /);
    for (const asked of [one.line.run('more'), one.line.forward('127.0.0.1', 1)])
      assert.instance(await failureOf(asked), Error);
    one.line.letGo();
  });

test('a session that the server never opens is given up, and holds up nothing', async () => {
  let answers = false;
  await using one = await connected(() => answers);
  const { line, destination } = one;
  const surroundings = { host: {} as Host, options: {}, trace: () => {} };
  const open = (command: string, signal: AbortSignal) =>
    new Lines().session(destination, surroundings, { command, signal, preferred: line });
  const reason = new Error('not any more');
  const controller = new AbortController();
  const waiting = open('something', controller.signal);
  assert.ok(one.held);
  controller.abort(reason);
  assert.is(await failureOf(waiting), reason);
  assert.not(one.held);
  assert.ok(line.usable);
  answers = true;
  const opened = await open('more', new AbortController().signal);
  assert.is(opened.line, line);
  assert.is(line.failure, undefined);
  const closed = once(opened.channel.resume(), 'close');
  opened.channel.close();
  await closed;
  assert.not(one.held);
  line.letGo();
});

test.run();
