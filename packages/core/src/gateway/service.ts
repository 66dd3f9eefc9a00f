import { Channel, type ChannelState } from '../channel/index.ts';
import { SpecError } from '../errors/index.ts';
import type { Link } from '../link/index.ts';
import type { ExecRequest } from '../protocol/index.ts';
import type { Family, Service } from '../registry/contracts.ts';
import { Code } from '../wire/index.ts';
import { sendRequest } from './send-request.ts';

/** The payload of SERVICE. */
export type ServiceRequest = Pick<ExecRequest, 'kind' | 'text' | 'args'> & {
  /** That of a package; the relay, which is a part of the remote end in Python, has none. */
  readonly name?: string;
};

/** Has the remote end start a service, and returns the channel to it: what fails there is told on that. */
export function requestService(link: Link, request: ServiceRequest): Channel {
  const channel = sendRequest(link, Code.SERVICE, request);
  // what the user wants of strings is no matter of services
  (Channel.stateOf(channel) as ChannelState).strings = undefined;
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
