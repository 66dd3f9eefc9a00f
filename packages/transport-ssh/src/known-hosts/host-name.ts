/** Under what a host's key is kept: its name or address in lower case, and the port. An alias has port 22, which is not written. */
export interface HostName {
  readonly host: string;
  readonly port: number;
}

/** The port that needs no mention. */
const USUAL_PORT = 22;

/** As known_hosts files have it: `host`, or `[host]:port` for another port than 22. */
export function writtenName({ host, port }: HostName): string {
  const name = host.toLowerCase();
  return port === USUAL_PORT ? name : `[${name}]:${port}`;
}

/** The name that OpenSSH tries when it finds none with the port. Undefined if the port says nothing anyway. */
export function nameWithoutPort(name: HostName): string | undefined {
  return name.port === USUAL_PORT ? undefined : name.host.toLowerCase();
}
