import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayTests } from './gateway-tests.ts';

/** Modules that are sent. */
export function modules(tests: GatewayTests): void {
  for (const extension of ['.js', '.mjs']) {
    tests.test(
      `the default export of a ${extension} module runs with channel and arguments`,
      async (gateway) => {
        using module = moduleFile(
          `module${extension}`,
          `import { basename } from 'node:path';
        const suffix = '!';
        export default async function main(channel, args) {
          await channel.send(basename(args.path) + suffix + (await channel.receive()));
        }`,
        );
        const channel = gateway.remoteExec<string, string>(module.url, { path: '/a/b' });
        await channel.send('?');
        assert.is(await channel.receive(), 'b!?');
        await channel.waitClose();
      },
    );
  }

  tests.test(
    'a .ts module runs where this runtime can strip types, and is refused before anything is sent elsewhere',
    async (gateway) => {
      using module = moduleFile(
        'module.ts',
        'export default (channel: { send(item: number): void }) => channel.send(3 as number);',
      );
      if ('stripTypeScriptTypes' in nodeModule) {
        const channel = gateway.remoteExec(module.url);
        assert.is(await channel.receive(), 3);
        await channel.waitClose();
        using compiled = moduleFile('module.ts', 'enum Kind { One }\nexport default () => Kind.One;');
        const error = await failureOf(() => gateway.remoteExec(compiled.url));
        assert.is(error.code, 'ERR_EXECNET_MODULE');
        assert.match(error.message, compiled.file);
        assert.match(error.message, /enum.*Name the compiled \.js file/s);
      } else {
        const error = await failureOf(() => gateway.remoteExec(module.url));
        assert.is(error.code, 'ERR_EXECNET_MODULE');
        assert.match(error.message, '.js');
      }
    },
  );

  tests.test('a module that fails is the error of its channel, with its file and line', async (gateway) => {
    using module = moduleFile(
      'module.mjs',
      "export default () => {\n  throw new TypeError('from the module');\n};\n",
    );
    const error = (await failureOf(gateway.remoteExec(module.url).waitClose())) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'TypeError');
    assert.is(error.message, 'TypeError: from the module');
    assert.match(error.stack ?? '', `${module.file}:2`);
  });

  tests.test('a function of a module is called by its name, or as the default export', async (gateway) => {
    using module = moduleFile(
      'module.mjs',
      `export default (args) => ['default', args];
      export const twice = async ({ n }) => 2 * n;
      export const größe = () => 'named';
      export function echo(channel, args) { channel.sendSync(args); }
      export const none = 1;`,
    );
    const named = (name: string): URL => new URL(`#${name}`, module.url);
    assert.equal(await gateway.call(module.url, { a: 1 }), ['default', { a: 1 }]);
    assert.equal(await gateway.call(module.url), ['default', undefined]);
    assert.is(await gateway.call<number>(named('twice'), { n: 21 }), 42);
    assert.is(await gateway.call(named('größe')), 'named');
    const channel = gateway.remoteExec(named('echo'), 'heard');
    assert.is(await channel.receive(), 'heard');
    await channel.waitClose();
    for (const name of ['none', 'missing']) {
      const error = await failureOf(gateway.call(named(name)));
      assert.match(error.message, `${module.file} has no function as its export ${name}`);
      assert.match(error.message, 'twice');
    }
    await failureOf(() => gateway.call(new URL('file:///no/such/module.mjs#twice')));
    // it is loaded once, whatever is called
    using counting = moduleFile(
      'counting.mjs',
      'let count = 0; export const next = () => ++count; export const other = next;',
    );
    const of = async (name: string) => gateway.call(new URL(`#${name}`, counting.url));
    if (gateway.spec.core.execmodel !== 'worker') assert.equal([await of('next'), await of('other')], [1, 2]);
  });

  tests.test('a module without a function as default export is an error that says so', async (gateway) => {
    using module = moduleFile('module.mjs', 'export const main = () => {};');
    const error = await failureOf(gateway.remoteExec(module.url).waitClose());
    assert.match(error.message, 'default export');
    assert.match(error.message, module.file);
  });

  tests.test('a module that can not be parsed is the error of its channel', async (gateway) => {
    using module = moduleFile('module.mjs', 'export default () => {');
    assert.instance(await failureOf(gateway.remoteExec(module.url).waitClose()), RemoteError);
  });

  tests.test('a module that is not there is refused before anything is sent', async (gateway) => {
    const error = await failureOf(() => gateway.remoteExec(new URL('file:///no/such/module.mjs')));
    assert.is(error.code, 'ERR_EXECNET_MODULE');
    assert.match(error.message, '/no/such/module.mjs');
  });

  tests.test('a URL that names no file is a TypeError', async (gateway) => {
    assert.instance(await failureOf(() => gateway.remoteExec(new URL('https://host/module.mjs'))), TypeError);
  });

  tests.test('a module that knows its place has names and columns of its own', async (gateway) => {
    const first = 'const [Object, URL, place] = [1, 2, import.meta.url]; export default () => { throw new';
    using module = moduleFile('module.mjs', `${first} Error(place + Object + URL); };\n`);
    const error = (await failureOf(gateway.remoteExec(module.url).waitClose())) as RemoteError;
    assert.is(error.message, `Error: ${module.url.href}12`);
    const [, column] = /module\.mjs:1:(\d+)/.exec(error.stack ?? '') ?? [];
    assert.ok(Number(column) > first.length - 20 && Number(column) < first.length + 10, `column ${column}`);
  });

  for (const name of ['job.mjs', 'with space.js', 'job.txt', 'job']) {
    tests.test(`a module named ${name} knows its place`, async (gateway) => {
      using module = moduleFile(
        name,
        `#!/usr/bin/env node
        import { readFileSync } from 'node:fs';
        import { createRequire } from 'node:module';
        import { fileURLToPath } from 'node:url';
        const { url, filename, dirname, main } = import.meta;
        const beside = readFileSync(new URL('./beside.json', url), 'utf8');
        const { value } = createRequire(url)('./beside.json');
        const resolved = ['./beside.json', 'node:fs'].map((name) => import.meta.resolve(name));
        export default (channel) =>
          channel.send({ url, filename, dirname, path: fileURLToPath(url), main: main ?? false, beside, value, resolved });`,
      );
      writeFileSync(join(dirname(module.file), 'beside.json'), '{"value":7}');
      const { href } = module.url;
      assert.equal(await gateway.remoteExec(module.url).receive(), {
        url: href,
        filename: module.file,
        dirname: dirname(module.file),
        path: module.file,
        main: false,
        beside: '{"value":7}',
        value: 7,
        resolved: [href.replace(/[^/]*$/, 'beside.json'), 'node:fs'],
      });
    });
  }
}

interface ModuleFile extends Disposable {
  readonly file: string;
  readonly url: URL;
}

export function moduleFile(name: string, text: string): ModuleFile {
  const folder = mkdtempSync(join(tmpdir(), 'execnet-module-'));
  const file = join(folder, name);
  writeFileSync(file, text);
  return {
    file,
    url: pathToFileURL(file),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
