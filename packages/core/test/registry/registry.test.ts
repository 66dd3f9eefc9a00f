import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ExecModel,
  type Family,
  type Interpreter,
  type Plugin,
  Registry,
  type ResolveOptions,
  runningInterpreter,
  type Transport,
} from '../../src/registry/index.ts';
import { Spec } from '../../src/spec/index.ts';
import { failure } from '../spec/failure.ts';

function transport(
  field: string,
  options: string[] = [],
  starts: Transport['starts'] = 'command',
): Transport {
  return {
    kind: 'transport',
    field,
    options,
    starts,
    supports: { halfClose: true, exitStatus: true, separateStdout: true },
    connect: () => Promise.reject(new Error('a stub')),
  };
}

function interpreter(field: string, family: Family = 'javascript', options: string[] = []): Interpreter {
  return {
    kind: 'interpreter',
    field,
    options,
    family,
    supports: { killThread: true, threadMemoryLimit: true },
    globals: [],
    boot: () => Promise.reject(new Error('a stub')),
  };
}

function execmodel(name: string, family: Family = 'javascript', options: string[] = []): ExecModel {
  return { kind: 'execmodel', name, options, family, startsOn: 'main', remote: () => Promise.resolve('') };
}

const everything = (): Plugin[] => [
  transport('popen'),
  transport('ssh', ['ssh_config']),
  transport('socket', [], 'peer'),
  interpreter('node', 'javascript', ['heap']),
  interpreter('bun'),
  interpreter('python', 'python', ['dont_write_bytecode']),
  execmodel('thread'),
  execmodel('worker'),
  execmodel('thread', 'python'),
  execmodel('gevent', 'python'),
];

const full = () => new Registry(everything(), { defaultInterpreter: 'node' });

function chosen(text: string, options: ResolveOptions = {}): string {
  const { transport, interpreter, execmodel } = full().resolve(Spec.parse(text), options);
  return `${transport.field} ${interpreter.field} ${execmodel.family}/${execmodel.name}`;
}

const cases: [string, string, ResolveOptions?][] = [
  ['popen', 'popen node javascript/thread'],
  ['popen//bun', 'popen bun javascript/thread'],
  ['popen//python=pypy3//execmodel=gevent//dont_write_bytecode', 'popen python python/gevent'],
  ['ssh=web//ssh_config=/x//execmodel=worker//id=a//nice=3//env:A=1', 'ssh node javascript/worker'],
  ['popen//heap=3', 'popen node javascript/thread'],
  ['socket=x', 'socket node javascript/thread'],
  ['socket=x//execmodel=gevent', 'socket python python/gevent'],
  ['socket=x', 'socket python python/thread', { family: 'python' }],
  ['socket=x//bun', 'socket bun javascript/thread', { family: 'javascript' }],
];
for (const [text, expected, options] of cases) {
  test(`${text} ${options ? `with a ${options.family} peer ` : ''}selects ${expected}`, () => {
    assert.is(chosen(text, options), expected);
  });
}

for (const [text, code, message, options] of [
  [
    'ssh=web//pyhton=x',
    'ERR_EXECNET_UNKNOWN_FIELD',
    '"ssh=web//pyhton=x": no plugin knows the field "pyhton" (did you mean "python"?); registered: popen, ssh, socket,',
  ],
  ['popen//zzz', 'ERR_EXECNET_UNKNOWN_FIELD', 'no plugin knows the field "zzz"; registered: popen'],
  ['popen//toString', 'ERR_EXECNET_UNKNOWN_FIELD', 'no plugin knows the field "toString"'],
  ['popen//env:A=https://hush', 'ERR_EXECNET_UNKNOWN_FIELD', 'write \\/ for each slash'],
  ['popen//ssh=x', 'ERR_EXECNET_AMBIGUOUS_FIELD', '"popen" and "ssh" each select a transport'],
  ['popen//node//python', 'ERR_EXECNET_AMBIGUOUS_FIELD', '"node" and "python" each select an interpreter'],
  ['python=x', 'ERR_EXECNET_SPEC', 'names no transport; registered are popen, ssh, socket'],
  [
    'popen//ssh_config=x',
    'ERR_EXECNET_UNKNOWN_FIELD',
    '"ssh_config" means something only together with "ssh"',
  ],
  ['popen//dont_write_bytecode', 'ERR_EXECNET_UNKNOWN_FIELD', 'only together with "python"'],
  ['popen//bun//heap=2', 'ERR_EXECNET_UNKNOWN_FIELD', 'only together with "node"'],
  [
    'popen//execmodel=thraed',
    'ERR_EXECNET_UNKNOWN_EXECMODEL',
    '"thraed" for javascript ends (did you mean "thread"?); registered: thread, worker',
  ],
  [
    'popen//execmodel=structured',
    'ERR_EXECNET_UNKNOWN_EXECMODEL',
    "import '@execnet/execmodel-structured/register'",
  ],
  [
    'popen//execmodel=gevent',
    'ERR_EXECNET_UNKNOWN_EXECMODEL',
    'python ends have it: add "python" to the spec',
  ],
  [
    'socket=x//bun',
    'ERR_EXECNET_SPEC',
    'asks for a javascript end by "bun", but a python end answered',
    { family: 'python' },
  ],
] as const) {
  test(`${text} fails and says: ${message}`, () => {
    const error = failure(() => chosen(text, options));
    assert.is(error.name, 'SpecError');
    assert.is(error.code, code);
    assert.ok(error.message.includes(message), error.message);
  });
}

test('an option of an execution model is an error with another, and no other kind of plugin may claim it', () => {
  const registry = new Registry(
    [...everything(), execmodel('tasks', 'javascript', ['depth']), execmodel('tasks', 'python', ['depth'])],
    { defaultInterpreter: 'node' },
  );
  assert.is(registry.resolve(Spec.parse('popen//execmodel=tasks//depth=3')).execmodel.name, 'tasks');
  const error = failure(() => registry.resolve(Spec.parse('popen//depth=3')));
  assert.is(error.code, 'ERR_EXECNET_UNKNOWN_FIELD');
  assert.ok(
    error.message.endsWith('"depth" means something only together with execmodel=tasks'),
    error.message,
  );
  for (const plugin of [
    transport('depth'),
    transport('deep', ['depth']),
    execmodel('more', 'javascript', ['ssh_config']),
    execmodel('more', 'javascript', ['popen']),
    execmodel('more', 'javascript', ['chdir']),
  ])
    assert.is(failure(() => registry.add(plugin)).code, 'ERR_EXECNET_DUPLICATE_PLUGIN');
  registry.add(execmodel('more', 'javascript', ['depth']));
  assert.is(registry.resolve(Spec.parse('popen//execmodel=more//depth=3')).execmodel.name, 'more');
});

test('a name that an official package brings comes with the package to import', () => {
  const bare = new Registry([], { defaultInterpreter: 'node' });
  const message = (text: string) => failure(() => bare.resolve(Spec.parse(text))).message;
  assert.is(
    message('popen'),
    `"popen": no plugin knows the field "popen" (import '@execnet/transport-popen/register'); registered: none`,
  );
  assert.match(message('ssh=web//pyhton=x'), `"ssh" (import '@execnet/transport-ssh/register')`);
  const ssh = new Registry([transport('ssh')], { defaultInterpreter: 'node' });
  assert.is(
    failure(() => ssh.resolve(Spec.parse('ssh=web//pyhton=x'))).message,
    `"ssh=web//pyhton=x": no plugin knows the field "pyhton" (did you mean "python"? import '@execnet/interpreter-python/register'); registered: ssh`,
  );
  assert.match(
    failure(() => bare.resolve(Spec.parse('nice=3'))).message,
    "names no transport; none is registered (import '@execnet/transport-popen/register')",
  );
  const noModel = new Registry([transport('popen'), interpreter('node')], { defaultInterpreter: 'node' });
  assert.match(
    failure(() => noModel.resolve(Spec.parse('popen'))).message,
    'execmodel "thread" for javascript ends (import \'@execnet/execmodel-thread/register\')',
  );
});

test('execution models of another family do not help, and the package that brings those of this one is named', () => {
  const registry = new Registry([
    transport('popen'),
    interpreter('node'),
    interpreter('python', 'python'),
    execmodel('thread', 'javascript'),
    execmodel('worker', 'javascript'),
  ]);
  const message = (text: string) => failure(() => registry.resolve(Spec.parse(text))).message;
  assert.match(
    message('popen//python'),
    'no plugin brings the execmodel "thread" for python ends (import \'@execnet/interpreter-python/register\'); registered: none',
  );
  assert.match(message('popen//python//execmodel=worker'), 'javascript ends have it: add "node" to the spec');
  assert.match(
    message('popen//python//execmodel=structured'),
    "import '@execnet/execmodel-structured/register'",
  );
});

test('without the default interpreter, or one for the family that answered, the message says so', () => {
  const registry = new Registry([transport('popen'), interpreter('bun')], { defaultInterpreter: 'node' });
  assert.match(
    failure(() => registry.resolve(Spec.parse('popen'))).message,
    'the default one, "node", is not registered; registered: bun',
  );
  assert.match(
    failure(() => registry.resolve(Spec.parse('popen'), { family: 'python' })).message,
    "import '@execnet/interpreter-python/register'",
  );
});

test('a second plugin of the same name is refused and changes nothing', () => {
  for (const plugin of [
    transport('popen'),
    interpreter('popen'),
    interpreter('python', 'python'),
    transport('ssh_config'),
    transport('other', ['ssh']),
    transport('other', ['other']),
    transport('nice'),
    transport('other', ['env:A']),
    interpreter('env'),
    execmodel('thread'),
    execmodel('gevent', 'python'),
  ]) {
    const registry = full();
    const error = failure(() => registry.add(plugin));
    assert.is(error.code, 'ERR_EXECNET_DUPLICATE_PLUGIN');
    assert.is(
      registry.transports.length + registry.interpreters.length + registry.execmodels.length,
      everything().length,
    );
    assert.is(registry.transport('other'), undefined);
  }
});

test('two plugins may share an option', () => {
  const registry = full().add(transport('rsh', ['ssh_config']));
  assert.is(registry.resolve(Spec.parse('rsh=x//ssh_config=y')).transport.field, 'rsh');
  assert.match(failure(() => registry.resolve(Spec.parse('popen//ssh_config=y'))).message, '"ssh" or "rsh"');
});

test('lookups find by name and kind', () => {
  const registry = full();
  assert.is(registry.transport('ssh')?.field, 'ssh');
  assert.is(registry.transport('node'), undefined);
  assert.is(registry.interpreter('node')?.field, 'node');
  assert.is(registry.interpreter('ssh'), undefined);
  assert.is(registry.execmodel('gevent', 'python')?.name, 'gevent');
  assert.is(registry.execmodel('gevent', 'javascript'), undefined);
  assert.equal(
    registry.interpreters.map((plugin) => plugin.field),
    ['node', 'bun', 'python'],
  );
});

test('what is no plugin is a TypeError', () => {
  for (const bad of [undefined, null, {}, () => transport('x'), { kind: 'serializer' }]) {
    assert.throws(() => new Registry().add(bad as never), TypeError);
  }
});

test('the default interpreter is the one that this program runs on', () => {
  const registry = new Registry([
    transport('popen'),
    interpreter('node'),
    interpreter('bun'),
    interpreter('deno'),
    execmodel('thread'),
  ]);
  assert.is(registry.resolve(Spec.parse('popen')).interpreter.field, runningInterpreter());
});

test.run();
