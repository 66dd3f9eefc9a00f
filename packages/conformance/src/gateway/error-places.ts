import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { DumpError, type Gateway, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayTests, remoteFailure, settled } from './gateway-tests.ts';

/** Where errors say that they come from, and who waited for them. */
export function placing(tests: GatewayTests): void {
  tests.test('the stack names file and line where the author of a function wrote it', async (gateway) => {
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.call(() => {
    throw new Error('line 3');
  }),
  async (gateway) => await gateway.call(async (args) => {
    const inner = () => {
      throw new Error('line 7');
    };
    await null;
    inner();
  }),
  async (gateway) => await gateway.remoteExec(function declared(channel) {

    null.property;
  }).waitClose(),
  async (gateway) => await gateway.remoteExec(async (channel) => channel.close(new Error('line 16'))).waitClose(),
];
`);
    const stacks: string[] = [];
    for (const call of module.calls) stacks.push((await failureOf(call(gateway))).stack ?? '');
    const [direct, nested, declared, closing] = stacks as [string, string, string, string];
    assert.match(direct, `${module.file}:3:`);
    assert.match(nested, `${module.file}:7:`);
    assert.match(nested, `${module.file}:10:`);
    assert.match(declared, `${module.file}:14:`);
    assert.match(closing, `${module.file}:16:`);
  });

  tests.test('the stack ends with the place where the local program met the error', async (gateway) => {
    const error = await remoteFailure(gateway, () => {
      throw new Error('remote');
    });
    const [remote, local] = (error.stack ?? '').split('--- local stack ---');
    assert.match(remote ?? '', 'remote');
    assert.type(local, 'string');
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.call(() => { throw new Error('2'); }),
  async (gateway) => await gateway.remoteExec(() => { throw new Error('3'); }).receive(),
  async (gateway) => await gateway.remoteExec(() => { throw new Error('4'); }).waitClose(),
  async (gateway) => { for await (const _ of gateway.remoteExec(() => { throw new Error('5'); })); },
  async (gateway) => await gateway.remoteExec((channel) => channel.close(new Error('6'))).receive(),
  async (gateway) => { const channel = gateway.remoteExec(() => { throw new Error('7'); });
    while (!channel.isClosed) await gateway.remoteStatus();
    await channel.receive();
  },
  async (gateway) => (await Promise.all([1, gateway.call(() => { throw new Error('11'); })])),
  async (gateway) => await gateway.remoteExec('await new Promise((resolve) => setTimeout(resolve, 200))').receive({ timeout: 1 }),
  async (gateway) => await gateway.call(function slow() { return new Promise((resolve) => setTimeout(resolve, 200)); }, undefined, { timeout: 1 }),
];
`);
    const lines = [2, 3, 4, 5, 6, 9, 11, 12, 13];
    for (const [index, call] of module.calls.entries()) {
      const failed = await failureOf(call(gateway));
      const { stack = '' } = failed;
      const here = failed instanceof RemoteError ? stack.slice(stack.indexOf('--- local stack ---')) : stack;
      // JavaScriptCore knows where it was called, but not who awaits
      if ('bun' in process.versions) {
        if (failed instanceof RemoteError) assert.match(here, new RegExp(`${module.file}:\\d`));
      } else {
        assert.match(here, `${module.file}:${lines[index]}:`);
        assert.not.match(here, 'channel-state');
      }
    }
  });

  tests.test('so does what fails before it gets there', async (gateway) => {
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.call(() => {}, () => {}),
  async (gateway) => await gateway.newChannel().send({ deep: [[[[[[[[[[[[() => {}]]]]]]]]]]]] }),
  async (gateway) => await gateway.spawn('no-such-program', []),
  async (gateway) => await gateway.connect({ host: '127.0.0.1', port: 1 }),
];
`);
    const name = `${gateway.id} (${gateway.remoteAddress})`;
    for (const [index, call] of module.calls.entries()) {
      const failed = await failureOf(call(gateway));
      const synchronous = failed instanceof DumpError;
      if (!synchronous) assert.ok(failed.message.startsWith(`${name}: `), failed.message);
      if (synchronous || !('bun' in process.versions))
        assert.match((failed.stack ?? '').split('\n')[1] ?? '', `${module.file}:${index + 2}:`);
    }
  });

  tests.test('the stack of what remote code can not send names where that stands', async (gateway) => {
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.remoteExec(async (channel) => {
    await channel.send({ deep: [[[[[[[[[[[[() => {}]]]]]]]]]]]] });
  }).waitClose(),
  async (gateway) => await gateway.call(() => {
    return () => {};
  }),
];
`);
    const [sent, returned] = module.calls.map((call) => failureOf(call(gateway)));
    assert.match((await sent)?.stack ?? '', `${module.file}:3:`);
    assert.match((await returned)?.message ?? '', 'a function');
  });

  tests.testWith({}, 'a lost connection names those whom it is told to', async (gateway) => {
    using module = await moduleOf(`export const calls = [
  async (gateway) => await gateway.call(() => process.kill(process.pid, 'SIGKILL')),
  async (gateway) => await gateway.call(() => 1),
  async (gateway) => await gateway.remoteStatus(),
];
`);
    for (const [index, call] of module.calls.entries()) {
      const { name, stack = '' } = await failureOf(call(gateway));
      assert.is(name, 'ConnectionLostError');
      // JavaScriptCore does not know who awaits a promise
      if (index === 0 && 'bun' in process.versions) continue;
      assert.match(stack, `${module.file}:${index + 2}:`);
      assert.not.match(stack, 'gateway.js');
    }
  });

  tests.test('a wait that takes too long names what was waited for, and the gateway', async (gateway) => {
    const name = `${gateway.id} (${gateway.remoteAddress})`;
    const slow = await failureOf(
      gateway.call(
        function slow() {
          return new Promise((resolve) => setTimeout(resolve, 200));
        },
        undefined,
        { timeout: 1 },
      ),
    );
    assert.equal(
      [slow.code, slow.message],
      ['ERR_EXECNET_TIMEOUT', `the call of slow on ${name} took longer than 1 ms`],
    );
    await settled(gateway);
    const unnamed = await failureOf(
      gateway.call(() => new Promise((resolve) => setTimeout(resolve, 200)), undefined, { timeout: 1 }),
    );
    assert.is(unnamed.message, `a call on ${name} took longer than 1 ms`);
    await settled(gateway);
    const channel = gateway.remoteExec('await channel.receive()');
    const waiting = await failureOf(channel.receive({ timeout: 1 }));
    assert.is(waiting.message, `receive() on channel ${channel.id} of ${name} took longer than 1 ms`);
    channel.close();
  });

  tests.test('the stack of source text counts its lines', async (gateway) => {
    const error = await failureOf(
      gateway.remoteExec("const one = 1;\n\nthrow new Error('in line ' + (one + 2));").waitClose(),
    );
    assert.match((error as RemoteError).remoteStack, /execnet:source:3\b/);
  });

  tests.test('a text with a syntax error is an error with the line, and shows it', async (gateway) => {
    for (const [text, place, line] of [
      ['const one = 1;\nlet two = ;\n', '2:11', '    let two = ;\n              ^\n'],
      ['let = ;', '1:7', '    let = ;\n          ^\n'],
      ['const one = 1;\nif (one) {\n', '3:1', '    \n    ^\n'],
    ] as const) {
      const error = (await failureOf(gateway.remoteExec(text).waitClose())) as RemoteError;
      assert.is(error.remoteName, 'SyntaxError');
      assert.ok(error.message.endsWith(` (execnet:source:${place})`), error.message);
      assert.ok(error.stack?.includes(line), error.stack);
    }
    const thrown = (await failureOf(gateway.remoteExec("JSON.parse('{')").waitClose())) as RemoteError;
    assert.is(thrown.remoteName, 'SyntaxError');
    assert.not.match(thrown.message, 'execnet:source');
  });

  tests.test('a module that can not be loaded is named by its file, not by its text', async (gateway) => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-module-'));
    try {
      for (const [text, said] of [
        ['export default () => 1;\nexport function broken() {\n  return 1 +;\n}\n', /:3:1[0-9]/],
        ["import './beside.mjs';\nexport default () => 1;\n", /can import builtins and absolute URLs only/],
        [
          "export default async () => await import('./beside.mjs');\n",
          /can import builtins and absolute URLs only/,
        ],
      ] as const) {
        const file = join(folder, 'module.mjs');
        // a text of a size that nobody wants to read in a message
        writeFileSync(file, `${text}// ${'x'.repeat(100_000)}\n`);
        const error = (await failureOf(gateway.remoteExec(pathToFileURL(file)).waitClose())) as RemoteError;
        assert.instance(error, RemoteError);
        assert.match(error.message, file);
        assert.match(error.message, said);
        for (const shown of [error.message, error.stack ?? '', inspect(error)]) {
          assert.not.match(shown, /data:|xxxx|\[0m/);
          assert.ok(shown.length < 10_000, `${shown.length} characters`);
        }
      }
      const nameless = join(folder, 'nameless.mjs');
      writeFileSync(
        nameless,
        `export default async function () {\n  throw new Error('nameless');\n}\n// ${'x'.repeat(100_000)}\n`,
      );
      const place = (await failureOf(gateway.remoteExec(pathToFileURL(nameless)).waitClose())) as RemoteError;
      assert.match(place.stack ?? '', `${nameless}:2:`);
      assert.ok((place.stack ?? '').length < 4000);
      // what the code says itself is none of our business
      const file = join(folder, 'own.mjs');
      writeFileSync(
        file,
        "export default () => { throw new Error('\\u001b[31m$& $$5 can not resolve\\u001b[39m'); };\n",
      );
      const error = (await failureOf(gateway.remoteExec(pathToFileURL(file)).waitClose())) as RemoteError;
      assert.is(error.remoteMessage, '\u001b[31m$& $$5 can not resolve\u001b[39m');
      assert.ok(error.stack?.includes(error.remoteMessage), error.stack);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

interface LoadedModule extends Disposable {
  readonly file: string;
  readonly calls: readonly ((gateway: Gateway) => Promise<unknown>)[];
}

async function moduleOf(text: string): Promise<LoadedModule> {
  const folder = mkdtempSync(join(tmpdir(), 'execnet-author-'));
  const file = join(folder, 'author.mjs');
  writeFileSync(file, text);
  const { calls } = await import(pathToFileURL(file).href);
  return {
    file,
    calls,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
