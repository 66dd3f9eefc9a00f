// Was started with a channel of Node's to its parent: makes a gateway, and tells what happened both ways.
import { makeGateway } from 'execnet';

const gateway = await makeGateway(process.argv[2]);
const variables = await gateway.call(() =>
  Object.keys(process.env).filter((name) => /^NODE_(CHANNEL|UNIQUE)/.test(name)),
);
const answer = await gateway.call(() => 6 * 7);
await gateway.terminate();
process.once('message', (message) => {
  console.log(JSON.stringify({ variables, answer, message }));
  process.disconnect();
});
process.send?.('ready');
