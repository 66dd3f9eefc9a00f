import { fileURLToPath } from 'node:url';
import { buildModels } from '../../tools/lib/build-models.mjs';

// the part that steps routines, which the runner has one of for each execution
const REDUCER = 'effection/esm/lib/reducer.js';
const reducer = fileURLToPath(new URL('lib/reducer.js', import.meta.resolve('effection')));

// effection asks what is thrown for its prototype and, if it is no error, for its text; there are values that throw when they are asked, and those would not be told
const patches = [
  {
    file: /effection\/esm\/lib\/result\.js$/,
    changes: [
      { from: 'String(cause)', to: "'something that is no error was thrown'" },
      { from: 'cause instanceof Error', to: 'isError(cause)' },
      {
        from: 'class ThrownValueError',
        to: 'function isError(value) { try { return value instanceof Error; } catch { return false; } }\nclass ThrownValueError',
      },
    ],
  },
];

await buildModels(
  import.meta.dirname,
  { EXECUTOR: 'executor', RUNNER: 'runner' },
  { [REDUCER]: reducer },
  patches,
);
