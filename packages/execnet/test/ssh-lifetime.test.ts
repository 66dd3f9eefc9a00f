import { test } from 'uvu';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { testLifetimes } from './fixtures/ssh-lifetimes.ts';

testLifetimes('sshd', startSshd);

test.run();
