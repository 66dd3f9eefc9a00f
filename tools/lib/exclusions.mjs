/**
 * Test files that can't run on a runtime as the local end; the totals of each run name them.
 *
 * @type {readonly { file: string, runtime: string, reason: string }[]} `file` relative to the repository, `runtime` as
 *   in the list of interpreters (`deno`, `node-26`)
 */
export const exclusions = [
  {
    file: 'packages/execnet/test/worker-general.test.ts',
    runtime: 'deno',
    reason:
      'three minutes, as each of its hundreds of threads starts half a second late there; worker.test.ts runs',
  },
];
