import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandSpecs, isCoreField, Spec } from '../../src/spec/index.ts';
import { failure } from './failure.ts';

test('the typed form, the text form and a spec say the same', () => {
  const spec = Spec.from({
    popen: true,
    python: 'pypy3',
    ssh: false,
    env: { NAME: 'v', GONE: undefined },
    chdir: '/tmp',
    nice: 5,
    id: undefined,
  });
  assert.is(String(spec), 'popen//python=pypy3//env:NAME=v//chdir=/tmp//nice=5');
  assert.is(String(Spec.from(String(spec))), String(spec));
  assert.is(Spec.from(spec), spec);
});

test('core gives the fields of core as typed values', () => {
  const { core } = Spec.parse(
    'popen//id=a//nice=+5//keepalive=.5//threads=3//stdio=pipe//via=b//chdir=x//execmodel=y//env:A=1',
  );
  assert.equal(core, {
    id: 'a',
    execmodel: 'y',
    chdir: 'x',
    nice: 5,
    via: 'b',
    stdio: 'pipe',
    keepalive: 0.5,
    threads: 3,
    env: { A: '1' },
  });
  assert.equal(Spec.parse('popen').core, { env: {} });
  assert.ok(isCoreField('env:A') && isCoreField('nice') && !isCoreField('popen') && !isCoreField('toString'));
});

test('with() replaces in place, adds at the end and removes, and leaves the original alone', () => {
  const spec = Spec.parse('popen//id=a//env:A=1//env:B=2');
  assert.is(String(spec.with({ id: 'b', nice: 3 })), 'popen//id=b//env:A=1//env:B=2//nice=3');
  assert.is(
    String(spec.with({ id: undefined, env: { A: '9', B: undefined, C: '3' } })),
    'popen//env:A=9//env:C=3',
  );
  assert.is(String(spec.with({ 'env:A': 'x' })), 'popen//id=a//env:A=x//env:B=2');
  assert.is(String(spec), 'popen//id=a//env:A=1//env:B=2');
});

test('a spec can not be changed', () => {
  const spec = Spec.parse('popen//env:A=1');
  assert.throws(() => Object.assign(spec, { extra: 1 }), TypeError);
  assert.throws(() => Object.assign(spec.env, { A: '2' }), TypeError);
});

test('the typed form is checked like the text form', () => {
  assert.is(failure(() => Spec.from({})).code, 'ERR_EXECNET_SPEC');
  assert.match(failure(() => Spec.from({ popen: true, nice: 99 })).message, /"nice".*"99".*-20 to 19/);
  assert.match(failure(() => Spec.from({ _x: true })).message, /"_x".*letter/);
  assert.match(failure(() => Spec.from({ popen: true, env: { 'A=B': 'x' } })).message, /variable name/);
  for (const bad of [
    { popen: { a: '1' } },
    { popen: true, env: 'A' },
    { popen: null },
    3,
    null,
    undefined,
    ['popen'],
  ]) {
    const error = failure(() => Spec.from(bad as never));
    assert.ok(error instanceof TypeError || error.code === 'ERR_EXECNET_SPEC', String(bad));
  }
  assert.instance(
    failure(() => Spec.parse(undefined as never)),
    TypeError,
  );
});

test('a spec of another copy of the package is taken', () => {
  const foreign = { [Symbol.for('execnet.spec')]: true, toString: () => 'popen//nice=3' };
  assert.is(String(Spec.from(foreign as never)), 'popen//nice=3');
});

test('a multiplier stands for that many specs', () => {
  assert.equal(expandSpecs('4*popen//nice=3').map(String), Array(4).fill('popen//nice=3'));
  assert.equal(expandSpecs(['2*popen', { ssh: 'a' }, Spec.parse('socket=x')]).map(String), [
    'popen',
    'popen',
    'ssh=a',
    'socket=x',
  ]);
  assert.equal(expandSpecs(Spec.parse('popen//nice=1')).map(String), ['popen//nice=1']);
  assert.equal(expandSpecs({ popen: true }).map(String), ['popen']);
  assert.equal(expandSpecs('1*popen//id=a').map(String), ['popen//id=a']);
  for (const bad of ['0*popen', '10001*popen', '2*popen//id=a', '*popen', '-1*popen', '2*2*popen', '2*']) {
    assert.is(failure(() => expandSpecs(bad)).code, 'ERR_EXECNET_SPEC', bad);
  }
});

test.run();
