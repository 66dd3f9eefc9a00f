import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConnectError } from '../../src/errors/index.ts';
import { Group } from '../../src/group/index.ts';
import { failure } from '../spec/failure.ts';
import { StubPlugins } from './stub-plugins.ts';

function fixture(): { plugins: StubPlugins; group: Group } {
  const plugins = new StubPlugins();
  return {
    plugins,
    group: new Group({ registry: plugins.registry, exitHook: false, defaultSpec: 'stub//stubbed' }),
  };
}

test('ids are allocated in order, and those that are named are left out', () => {
  const { group } = fixture();
  assert.is(group.allocateId(), 'gw0');
  assert.is(group.allocateId('stub//id=gw1'), 'gw1');
  assert.is(group.allocateId({ stub: true, id: 'mine' }), 'mine');
  assert.is(group.allocateId('stub'), 'gw2');
  assert.is(failure(() => group.allocateId('stub//id=mine')).code, 'ERR_EXECNET_DUPLICATE_ID');
});

test('no more gateways are started at a time than the concurrency says, and they come in the order of the specs', async () => {
  const { plugins, group } = fixture();
  const making = group.makeGateways('5*stub//stubbed', { concurrency: 2 });
  await plugins.begun(2);
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(plugins.attempts.length, 2);
  // the second is ready before the first
  plugins.attempts[1]?.succeed();
  await plugins.begun(3);
  assert.is(plugins.attempts.length, 3);
  for (let done = 0; done < 5; done++) {
    await plugins.begun(done + 1);
    plugins.attempts[done]?.succeed();
  }
  const gateways = await making;
  assert.equal(
    gateways.map(({ id }) => id),
    ['gw0', 'gw1', 'gw2', 'gw3', 'gw4'],
  );
  assert.is(plugins.attempts.length, 5);
  await group.terminate();
  assert.is(group.size, 0);
});

test('when one fails, nothing more is started, and those that were made or under way are taken down', async () => {
  const { plugins, group } = fixture();
  const making = group.makeGateways('4*stub//stubbed', { concurrency: 2 }).catch((error) => error);
  await plugins.begun(2);
  const reason = new ConnectError('ERR_EXECNET_REFUSED', 'refused');
  plugins.attempts[0]?.fail(reason);
  plugins.attempts[1]?.succeed();
  assert.is(await making, reason);
  assert.is(plugins.attempts.length, 2);
  assert.ok(plugins.attempts[1]?.aborted);
  assert.is(group.size, 0);
  assert.is(group.allocateId('stub//id=gw0'), 'gw0');
});

test('an id is free again when its gateway could not be made', async () => {
  const { plugins, group } = fixture();
  const making = group.makeGateway('stub//stubbed//id=again').catch((error) => error);
  await plugins.begun(1);
  plugins.attempts[0]?.fail(new Error('not this time'));
  assert.instance(await making, Error);
  assert.is(group.allocateId('stub//id=again'), 'again');
});

test('without a spec the default spec is made, with the execution model of the group', async () => {
  const { plugins, group } = fixture();
  group.setExecmodel('thread');
  const making = group.makeGateway();
  await plugins.begun(1);
  assert.is(plugins.attempts[0]?.spec, 'stub//stubbed//execmodel=thread');
  plugins.attempts[0]?.succeed();
  const gateway = await making;
  assert.is(failure(() => group.setExecmodel('thread')).code, 'ERR_EXECNET_EXECMODEL_FIXED');
  assert.ok(group.has(gateway) && group.has('gw0') && group.get(0) === gateway);
  await gateway.terminate();
  group.setExecmodel('thread');
});

test('a gateway that ends by itself leaves its group', async () => {
  const { plugins, group } = fixture();
  const making = group.makeGateway();
  await plugins.begun(1);
  plugins.attempts[0]?.succeed();
  const gateway = await making;
  gateway.exit();
  await gateway.join();
  assert.is(group.size, 0);
  assert.is(String(group), '<Group []>');
});

test.run();
