// Debian's numpy is installed for the tests, so that its Python is the one that has it.
import { execFileSync } from 'node:child_process';
import { Complex, makeGateway } from 'execnet';
import * as assert from 'uvu/assert';
import { pythonSpec } from './fixtures/pythons.ts';
import { interpretersOfRun, test } from './fixtures/tests.ts';

const python = interpretersOfRun.pythons.find(({ path }) => {
  try {
    execFileSync(path, ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const title = 'scalars of numpy arrive as the numbers that they are; arrays say where they stand';
if (python || process.env['CI'] === 'true') {
  test(title, async () => {
    assert.ok(python, 'no Python here has numpy');
    await using gateway = await makeGateway(pythonSpec(python));
    const channel = gateway.remoteExec(`
      import numpy
      channel.send([numpy.int8(-1), numpy.uint64(2 ** 64 - 1), numpy.float16(0.5), numpy.float32(0.1), numpy.float64(0.1)])
      channel.send([numpy.bool_(True), numpy.complex64(1 + 2j), numpy.longdouble(2), numpy.arange(3).sum(), numpy.mean([1, 2])])
      for value in (numpy.arange(3), numpy.array(1), numpy.longdouble('0.1'), numpy.datetime64('2020-01-01')):
          try:
              channel.send({'x': [0, value]})
          except Exception as error:
              channel.send([str(error), error.path])
    `);
    assert.equal(await channel.receive(), [-1, 2n ** 64n - 1n, 0.5, Math.fround(0.1), 0.1]);
    assert.equal(await channel.receive(), [true, new Complex(1, 2), 2, 3, 1.5]);
    for (const type of ['ndarray', 'ndarray', 'longdouble|float128', 'datetime64']) {
      const [message, path] = (await channel.receive()) as string[];
      assert.match(
        String(message),
        new RegExp(`^\\$\\['x'\\]\\[1\\]: a value of the type (${type}) can not be sent`),
      );
      assert.is(path, "$['x'][1]");
    }
    await channel.waitClose();
  });
} else {
  test.skip(title);
  console.log(`left out: no Python here has numpy: ${title}`);
}

test.run();
