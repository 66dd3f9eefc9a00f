import { Channel, type ChannelState } from '../channel/index.ts';
import { SpecError } from '../errors/index.ts';
import type { Link } from '../link/index.ts';
import type { ExecRequest } from '../protocol/index.ts';
import type { Family, Service } from '../registry/contracts.ts';
import { Code, int32Payload } from '../wire/index.ts';

/** What the remote end is asked for to start a service. */
export type ServiceRequest = Pick<ExecRequest, 'kind' | 'text' | 'args'> & {
  /** That of a package; the relay, which is a part of the remote end in Python, has none. */
  readonly name?: string;
};

/** Has the remote end start a service, and returns the channel to it: what fails there is told on that. */
export function requestService(link: Link, request: ServiceRequest): Channel {
  const payload = link.dump(request) as Uint8Array;
  const carried = link.takeCarried();
  const channel = link.channels.create();
  const state = Channel.stateOf(channel) as ChannelState;
  // `cancel` and `await using` end what is behind it
  state.execution = true;
  // what the user wants of strings is no matter of services
  state.strings = undefined;
  link.writeFrame(Code.SERVICE, channel.id, payload);
  for (const id of carried ?? []) link.writeFrame(Code.BIND, channel.id, int32Payload(id));
  return channel;
}

/** The request for a service of a package. `place`: the gateway, for messages. */
export async function serviceRequest(
  { name, programs }: Service,
  args: unknown,
  { family, place }: { family: Family; place: string },
): Promise<ServiceRequest> {
  const program = programs[family];
  if (!program)
    throw new SpecError(
      'ERR_EXECNET_UNSUPPORTED',
      `${place} runs ${LANGUAGES[family]}, and the service ${name} has no program for that`,
    );
  const text = await program();
  return { kind: 'service', name, text: family === 'javascript' ? scriptProgram(name, text) : text, args };
}

const LANGUAGES = { javascript: 'JavaScript', python: 'Python' } as const satisfies Record<Family, string>;

/** A CommonJS script as the expression that the remote end evaluates: what it exports as `serve`. */
function scriptProgram(name: string, text: string): string {
  return `(()=>{const module={exports:{}},{exports}=module;((exports,module)=>{${text}
})(exports,module);const{serve}=module.exports;if(typeof serve!=='function')throw new TypeError(${JSON.stringify(
    `the program of the service ${name} exports no function serve`,
  )});return serve})()
//# sourceURL=execnet:service/${encodeURIComponent(name)}`;
}
