/** `npm run clean`: removes what the build made, caches included; `node_modules` stay. */
import fs from 'node:fs';
import { inRoot } from './lib/root.mjs';

for (const name of fs.readdirSync(inRoot('packages'))) {
  for (const made of ['dist', '.cache', 'src/generated']) {
    fs.rmSync(inRoot('packages', name, made), { recursive: true, force: true });
  }
}
for (const made of ['.nx', 'tools/tour/.cache', 'tools/bench/.cache', 'tools/.cache']) {
  fs.rmSync(inRoot(made), { recursive: true, force: true });
}
