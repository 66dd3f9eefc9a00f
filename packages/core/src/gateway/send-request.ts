import { Channel, type ChannelState } from '../channel/index.ts';
import type { Link } from '../link/index.ts';
import { Code, int32Payload } from '../wire/index.ts';

/** Sends a request for something that runs at the remote end, with the channels inside it announced, and returns the channel to that: `cancel` and `await using` end it. */
export function sendRequest(
  link: Link,
  code: typeof Code.CHANNEL_EXEC | typeof Code.SERVICE,
  request: object,
): Channel {
  const payload = link.dump(request) as Uint8Array;
  const carried = link.takeCarried();
  link.check();
  const channel = link.channels.create();
  (Channel.stateOf(channel) as ChannelState).execution = true;
  link.writeFrame(code, channel.id, payload);
  for (const id of carried ?? []) link.writeFrame(Code.BIND, channel.id, int32Payload(id));
  return channel;
}
