// Starts several remote ends at once, and says so before any of them has started.
import { Group } from 'execnet';

const group = new Group();
console.log(JSON.stringify('starting'));
await group.makeGateways(Array.from({ length: 6 }, () => process.argv[2] ?? 'popen'));
setInterval(() => {}, 1000);
