import { command } from './command.mjs';
import { endAll, isRunning } from './processes.mjs';

/**
 * @typedef {object} Side one end of a link
 * @property {string | undefined} namespace this machine's own if there is none
 * @property {string} device
 * @property {string} address
 * @property {string} mac
 *
 * @typedef {readonly [Side, Side]} Link
 */

/** A frame to it arrives, and is thrown away as somebody else's. */
const nobody = '02:ff:ff:ff:ff:ff';

/**
 * Lets `ip` do several things in a namespace.
 *
 * @param {string | undefined} namespace
 * @param {readonly string[]} lines
 */
async function ip(namespace, lines) {
  const where = namespace === undefined ? [] : ['-n', namespace];
  await command('ip', [...where, '-batch', '-'], `${lines.join('\n')}\n`);
}

/** The namespaces of this machine. @returns {Promise<string[]>} */
async function namespaces() {
  const listed = await command('ip', ['netns', 'list']);
  return listed.split('\n').flatMap((line) => line.split(' ', 1).filter(Boolean));
}

/**
 * A namespace that belongs to this process; after its end it is dead, and another may remove it.
 *
 * @param {string} name what tells it from the others of this process
 * @returns {Promise<string>} its name on this machine
 */
export async function addNamespace(name) {
  const namespace = `execnet-${process.pid}-${name}`;
  await command('ip', ['netns', 'add', namespace]);
  await ip(namespace, ['link set lo up']);
  return namespace;
}

/**
 * Ends every process in a namespace, and removes it.
 *
 * @param {string} namespace
 */
export async function removeNamespace(namespace) {
  try {
    await endAll(async () =>
      (await command('ip', ['netns', 'pids', namespace])).split('\n').filter(Boolean).map(Number),
    );
    await command('ip', ['netns', 'del', namespace]);
  } catch (error) {
    // Another process may remove a dead one at the same time.
    if ((await namespaces()).includes(namespace)) throw error;
  }
}

/** Removes the namespaces of processes that have ended without doing so, and what runs there. */
export async function removeDeadNamespaces() {
  for (const namespace of await namespaces()) {
    const owner = /^execnet-(\d+)-/.exec(namespace)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) await removeNamespace(namespace);
  }
}

/** @param {Link} link @param {(side: Side, other: Side) => readonly string[]} lines */
async function onBothSides([left, right], lines) {
  await ip(left.namespace, lines(left, right));
  await ip(right.namespace, lines(right, left));
}

/**
 * Joins two namespaces that have nothing else in common. Who the other side is stands there for good: nobody asks
 * for it, so nobody notices that an answer is missing while the link is cut.
 *
 * @param {Link} link
 * @throws {Error} if the first device exists
 */
export async function addLink(link) {
  const [left, right] = link;
  await ip(left.namespace, [
    `link add ${left.device} address ${left.mac} type veth peer name ${right.device} address ${right.mac} netns ${right.namespace}`,
  ]);
  await onBothSides(link, ({ address, device }) => [
    `addr add ${address}/30 dev ${device}`,
    `link set ${device} up`,
  ]);
  await mendLink(link);
}

/**
 * From now on nothing that one side sends arrives at the other, and neither is told. A device that is down would be
 * noticed: its routes are gone, and who connects is refused at once.
 *
 * @param {Link} link
 */
export async function cutLink(link) {
  await onBothSides(link, ({ device }, other) => [
    `neigh replace ${other.address} lladdr ${nobody} dev ${device} nud permanent`,
  ]);
}

/** @param {Link} link */
export async function mendLink(link) {
  await onBothSides(link, ({ device }, other) => [
    `neigh replace ${other.address} lladdr ${other.mac} dev ${device} nud permanent`,
  ]);
}

/**
 * Removes the devices of both sides; a namespace that is removed loses its own a while later.
 *
 * @param {Link} link
 */
export async function removeLink([{ namespace, device }]) {
  await ip(namespace, [`link del ${device}`]);
}

/**
 * Makes this machine send what is for `address` to `gateway`.
 *
 * @param {string} address
 * @param {Side} gateway
 * @param {string} device
 */
export async function addRoute(address, gateway, device) {
  await ip(undefined, [`route add ${address}/32 via ${gateway.address} dev ${device}`]);
}
