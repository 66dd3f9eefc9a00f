// Tries what its user may not do, and says with what that failed.
import { join } from 'node:path';
import { Group } from 'execnet';

const [, , node = 'node', forbidden = ''] = process.argv;
const group = new Group();

/** @param {Record<string, string>} fields */
async function failure(fields) {
  try {
    await group.makeGateway({ popen: true, node, chdir: '/', ...fields });
    return {};
  } catch (error) {
    const { code, message } = /** @type {Error & { code: string }} */ (error);
    return { code, message };
  }
}

const refusals = {
  chdir: await failure({ chdir: forbidden }),
  below: await failure({ chdir: join(forbidden, 'below') }),
  nice: await failure({ nice: '-5' }),
};
console.log(JSON.stringify(refusals));
