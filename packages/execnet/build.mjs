// Writes what the command execnet-remote evaluates: the program of a remote end for masters that speak plain execnet, with the execution models that
// these can name.
import { mkdirSync, writeFileSync } from 'node:fs';
import { PLAIN_REMOTE_END } from '@execnet/core/plain';
import { mainThreadOnly, thread } from '@execnet/execmodel-thread';

/** Whoever asks for more would wait for ever in execnet's eyes, where threads are not counted: so as many as a remote end can tell apart. */
const THREADS = 255;

const models = Object.fromEntries(
  await Promise.all([thread(), mainThreadOnly()].map(async (model) => [model.name, await model.remote()])),
);
const options = { input: 3, output: 4, threads: THREADS, models };

mkdirSync(new URL('dist/', import.meta.url), { recursive: true });
writeFileSync(
  new URL('dist/execnet-remote.js', import.meta.url),
  `((given) => (${PLAIN_REMOTE_END.replace(/\n\/\/# .*$/, '')})({ options: ${JSON.stringify(options)}, ...given }))\n//# sourceURL=execnet:remote-end\n`,
);
