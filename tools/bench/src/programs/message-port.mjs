/** Over the channel of `child_process`: answers what arrives, or counts it, or sends. */
let expected = 0;

process.on('message', (message) => {
  if (expected > 0) {
    if (--expected === 0) process.send(0);
  } else if (message?.receive) {
    expected = message.receive;
  } else if (message?.send) {
    for (let i = 0; i < message.send; i++)
      process.send(message.record ? { id: 1, name: 'item', ok: true } : i);
  } else process.send(message);
});
