import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { testLifetimes } from './fixtures/ssh-lifetimes.ts';
import { test } from './fixtures/tests.ts';

testLifetimes('sshd', startSshd);

test.run();
