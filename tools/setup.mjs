/** `npm run setup [-- --test]`: makes a fresh clone ready. Needs nothing but Node and npm. */
import { build, install } from './lib/set-up.mjs';

try {
  await install({ test: process.argv.includes('--test') });
  await build();
  console.log('setup: ready');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
