import { test } from 'uvu';
import { startDropbear } from '../../../tools/hosts/dropbear.mjs';
import { testLifetimes } from './fixtures/ssh-lifetimes.ts';

testLifetimes('dropbear', startDropbear);

test.run();
