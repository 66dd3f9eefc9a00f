import { startDropbear } from '../../../tools/hosts/dropbear.mjs';
import { testLifetimes } from './fixtures/ssh-lifetimes.ts';
import { test } from './fixtures/tests.ts';

testLifetimes('dropbear', startDropbear);

test.run();
