import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeSource, type RemoteSource } from '../../src/gateway/source.ts';

const describe = (source: RemoteSource, kind: 'function' | 'call') =>
  describeSource(source, kind, { interpreterGlobals: [], globals: undefined, calledBy: describe });

for (const [source, kind, message] of [
  [
    new URL('file:///jobs/job.py#work'),
    'function',
    /job\.py is Python.*runs JavaScript.*python= in the spec/,
  ],
  [
    'math.factorial',
    'call',
    /call takes a function, or the URL of a module; source text is run with remoteExec/,
  ],
  [new URL('https://example.org/job.js#work'), 'call', /named by a file: URL, not https:/],
  [new URL('https://example.org/job.js'), 'function', /named by a file: URL, not https:/],
  [new URL('file:///jobs/job.js#%E0'), 'call', /behind the # of file:\/\/\/jobs\/job\.js#%E0 is no name/],
  [null as unknown as string, 'function', /source text, a function or the URL of a module, not null/],
] as const) {
  test(`${String(source)} can't be given to ${kind === 'call' ? 'call' : 'remoteExec'} of a JavaScript end`, () => {
    assert.throws(
      () => describe(source, kind),
      (error: Error) => error.name === 'TypeError' && message.test(error.message),
    );
  });
}

test.run();
