import { fileURLToPath } from 'node:url';
import { type Channel, type ConnectionLostError, Group, type RemoteError } from 'execnet';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { MODELS, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

/** What polyfills, mocks and hardened programs do to what the language gives to everybody. */
const PATCHES: Readonly<Record<string, string>> = {
  'names on all objects': `
    Object.prototype.extra = Array.prototype.extra = Function.prototype.extra = String.prototype.extra = function () {};
    Object.defineProperty(Object.prototype, 'should', { get() { return this; }, set() {}, configurable: true });`,
  'a name on all objects that means something in descriptors': `
    Object.defineProperty(Object.prototype, 'value', { __proto__: null, value: 3, writable: true, configurable: true });`,
  'frozen prototypes': `
    for (const one of [Object, Array, Function, Error, TypeError, Promise, Map, Set, Uint8Array, Date, RegExp, String])
      Object.freeze(Object.freeze(one).prototype);`,
  'another Promise': `globalThis.Promise = function () { throw new Error('the wrong Promise'); };`,
  'patched methods': `
    for (const [{ prototype }, ...names] of [
      [Promise, 'then'], [Map, 'get', 'set', 'delete'], [Function, 'call', 'bind'],
      [Array, 'push', 'shift', 'map', 'forEach', 'splice', 'indexOf', 'includes', 'filter', 'slice', 'join'],
    ])
      for (const name of names) {
        const own = prototype[name];
        prototype[name] = function (...given) { return Reflect.apply(own, this, given); };
      }
    Array.prototype[Symbol.iterator] = function* () { for (let at = 0; at < this.length; at++) yield this[at]; };`,
  'methods that fail': `
    const no = () => { throw new Error('the wrong method'); };
    JSON.stringify = JSON.parse = Buffer.from = Buffer.alloc = Buffer.concat = Math.random = Error.prepareStackTrace = no;
    process.exit = process.cwd = process.kill = process.emitWarning = process.on = process.once = no;`,
  'files and stacks that are mocked': `
    const files = require('node:fs');
    for (const name of ['readSync', 'writeSync', 'writevSync', 'readFileSync', 'statSync', 'fstatSync']) files[name] = () => 0;
    Error.captureStackTrace = () => { throw new Error('no stack'); };
    Error.stackTraceLimit = 'none';`,
  'an end that is mocked': `
    process.exit = process.kill = process.abort = () => {};
    if (globalThis.Deno) Deno.exit = Deno.kill = () => {};`,
  'toJSON everywhere': `Object.prototype.toJSON = Array.prototype.toJSON = String.prototype.toJSON = () => 'wrong';`,
  'no builtins': `
    for (const name of ['JSON', 'Map', 'Set', 'WeakMap', 'Promise', 'Uint8Array', 'DataView', 'Symbol', 'Reflect', 'Proxy', 'BigInt', 'Date',
      'Math', 'Number', 'Array', 'Object', 'Atomics', 'SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry', 'encodeURIComponent', 'require'])
      delete globalThis[name];
    if (!globalThis.Deno) delete globalThis.process;`,
  // those that Jest leaves out for jsdom
  'globals of a browser': `
    for (const name of ['TextEncoder', 'TextDecoder', 'ReadableStream', 'WritableStream', 'structuredClone', 'MessageChannel', 'fetch',
      'setImmediate', 'clearImmediate', 'BroadcastChannel'])
      delete globalThis[name];
    delete AbortSignal.any;`,
};

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of MODELS)
    interpreter.test(`${execmodel}: what code does to builtins holds up nothing`, async () => {
      await using group = new Group();
      for (const [title, patch] of Object.entries(PATCHES)) {
        const gateway = await group.makeGateway(specOf(interpreter, `execmodel=${execmodel}`));
        // in each execution, since those under worker share nothing
        const patched = (text: string): Channel<unknown, unknown> => gateway.remoteExec(`${patch}\n${text}`);
        const echo = patched(
          'await channel.send("patched"); for await (const item of channel) await channel.send(item);',
        );
        assert.is(await echo.receive(), 'patched', title);
        const items = [
          { list: [1, 'two', null], map: new Map([[1, new Set([2n])]]) },
          new Uint8Array(300_000),
        ];
        for (const item of [...items, 3]) {
          await echo.send(item);
          assert.equal(await echo.receive(), item, title);
        }
        const ended = async (): Promise<void> => {
          await echo.end();
          await echo.waitClose();
        };
        if (execmodel === 'main_thread_only') await ended();
        const nested = gateway.newChannel<never, number>();
        const given = patched('(await channel.receive()).send(1);');
        await given.send(nested);
        assert.is(await nested.receive(), 1, title);
        await given.waitClose();
        const sync = patched('channel.sendSync(channel.receiveSync() + 1);');
        await sync.send(1);
        assert.is(await sync.receive(), 2, title);
        await sync.waitClose();
        const error = await patched('const error = new Error("told"); error.code = 7; throw error;')
          .waitClose()
          .catch((error: unknown) => error as RemoteError);
        assert.match(String(error?.message), 'told', title);
        assert.is(error?.properties?.['code'], 7, title);
        if (execmodel !== 'main_thread_only') await ended();
        assert.is(await gateway.call((value: number) => value + 1, 2), 3, title);
        assert.is((await gateway.remoteStatus()).numExecuting, 0, title);
        await gateway.terminate({ timeout: 60_000 });
        assert.is(((await failureOf(gateway.remoteStatus())) as ConnectionLostError).exitCode, 0, title);
      }
    });
}

/** Patches that a program may make of its own builtins. Modules of Bun and Deno do not load, or fail themselves, where prototypes are frozen. */
const LOCAL_PATCHES = [
  'names on all objects',
  'patched methods',
  // Bun's own modules need them
  ...(runningInterpreter().kind === 'bun' ? [] : ['globals of a browser']),
  ...(runningInterpreter().kind === 'node' ? ['frozen prototypes'] : []),
];

for (const when of ['before', 'after'])
  test(`what a program does to builtins, ${when} it imports execnet, holds up nothing`, async () => {
    for (const title of LOCAL_PATCHES) {
      await using program = startProgram('patched.mjs', [when, PATCHES[title] as string]);
      const { stdout, stderr } = await program.ended;
      assert.is(stderr, '', title);
      assert.equal(
        JSON.parse(stdout),
        ['object', 300_000, 'number', 3, 'TypeError', 'from a process', 4, 'over web streams'],
        title,
      );
    }
  });

const NO_MEMORY = 'ERR_EXECNET_DUMP: Array buffer allocation failed';

test('an item for which there is no memory fails, and its channel goes on', async () => {
  await using program = startProgram('scarce.mjs');
  assert.equal(await program.said(), [NO_MEMORY, 3_000_000, NO_MEMORY, 500_000, NO_MEMORY, 4_000_000]);
  assert.is((await program.ended).code, 0);
});

const SCARCE = fileURLToPath(new URL('fixtures/scarce.cjs', import.meta.url));

// the others have nothing that they load before
for (const interpreter of ownRemoteEnds)
  if (interpreter.kind === 'node')
    for (const execmodel of MODELS)
      interpreter.test(`${execmodel}: so does one at the remote end`, async () => {
        await using group = new Group();
        const options = `env:NODE_OPTIONS=--require=${SCARCE}`;
        const gateway = await group.makeGateway(specOf(interpreter, `execmodel=${execmodel}`, options));
        const channel = gateway.remoteExec<unknown>(`
          for (const item of ['x'.repeat(3_000_000), Array(500_000).fill('item'), new Uint8Array(4_000_000)])
            for (const how of ['send', 'sendSync']) {
              globalThis.scarce = true;
              // what is sent blocking leaves at once
              const sending = (async () => { await channel[how](item); })();
              globalThis.scarce = false;
              await channel.send(await sending.then(() => 'sent', ({ code, cause }) => code + ': ' + cause?.message));
              await channel[how](item);
            }`);
        const told: unknown[] = [];
        for await (const item of channel)
          told.push(typeof item === 'string' && item.length < 100 ? item : (item as string).length);
        const sizes = [3_000_000, 500_000, 4_000_000] as const;
        const expected = sizes.flatMap((size) => [NO_MEMORY, size, NO_MEMORY, size]);
        // a binary that is sent blocking is written from where it stands
        expected.splice(-2, 1, sizes[2], 'sent');
        assert.equal(told, expected);
        assert.is(await gateway.call(() => 42), 42);
      });

test.run();
