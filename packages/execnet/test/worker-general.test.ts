import { runGeneralSuites } from './fixtures/suites.ts';

// on Deno, which takes half a second for each of 400 threads, this takes minutes
runGeneralSuites({ execmodel: 'worker', isolated: true });
