import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { clientSection } from './client-config.mjs';
import { command, program } from './command.mjs';
import {
  addLink,
  addNamespace,
  addRoute,
  cutLink,
  mendLink,
  removeDeadNamespaces,
  removeLink,
  removeNamespace,
} from './namespaces.mjs';
import { startSshd } from './sshd.mjs';

/**
 * @typedef {import('./host.mjs').Host} Host
 *
 * @typedef {import('./namespaces.mjs').Link} Link
 *
 * @typedef {Omit<import('./sshd.mjs').SshdOptions, 'address' | 'alias' | 'within'>} NetworkOptions of each sshd; by
 *   default they listen on port 22
 *
 * @typedef {object} Cable between a host and where it is reached from: this machine, or for `inner` the host `a`
 * @property {string} namespace of the host
 * @property {() => Promise<void>} cut nothing that one side sends arrives any more, and nothing tells either of that
 * @property {() => Promise<void>} mend
 *
 * @typedef {Host & Cable} NetworkHost
 *
 * @typedef {object} NetworkFields
 * @property {NetworkHost} a
 * @property {NetworkHost} b
 * @property {NetworkHost} inner reached through `a`
 * @property {string} config file for `ssh -F`, of each host too: `a`, `b`, `inner` by a jump, `inner-direct` without
 * @property {() => Promise<void>} stop ends everything that runs on the hosts, and removes them; idempotent
 *
 * @typedef {NetworkFields & AsyncDisposable} Network
 */

/** 198.18.0.0/15 is set apart for such networks (RFC 2544); a block of 16 addresses holds the three links of one. */
const blocks = 2 ** (32 - 15 - 4);

/** So many that others have taken are not met in a row by chance. */
const blockAttempts = 50;

/** @param {number} block @param {number} offset */
function addressIn(block, offset) {
  const low = block * 16 + offset;
  return `198.${18 + (low >> 16)}.${(low >> 8) & 255}.${low & 255}`;
}

/**
 * The links of a network: from this machine to `a` and `b`, from `a` to `inner`.
 *
 * @param {number} block
 * @param {{ a: string, b: string, inner: string }} namespaces
 */
function linksIn(block, { a, b, inner }) {
  /** @param {number} offset @param {string | undefined} namespace @param {string} device */
  const side = (offset, namespace, device) => {
    const bytes = [2, 0, block >> 8, block & 255, 0, offset];
    const mac = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    return { namespace, device, address: addressIn(block, offset), mac };
  };
  // The name of a device says which block is taken, and the system gives it to one process only.
  return {
    a: /** @type {const} */ ([side(1, undefined, `xn${block}a`), side(2, a, 'eth0')]),
    b: /** @type {const} */ ([side(5, undefined, `xn${block}b`), side(6, b, 'eth0')]),
    inner: /** @type {const} */ ([side(9, a, 'eth1'), side(10, inner, 'eth0')]),
  };
}

/**
 * Lays the links in a block of addresses to which no route leads and that no other process has.
 *
 * @param {{ a: string, b: string, inner: string }} namespaces
 */
async function addLinks(namespaces) {
  for (let attempt = 1; ; attempt += 1) {
    const block = randomInt(blocks);
    const links = linksIn(block, namespaces);
    const taken = await command('ip', ['route', 'show', 'table', 'all', 'root', `${addressIn(block, 0)}/28`]);
    try {
      if (taken) throw new Error(`there are routes to it: ${taken}`);
      await addLink(links.a);
    } catch (error) {
      if (attempt === blockAttempts) throw error;
      continue;
    }
    await addLink(links.b);
    await addLink(links.inner);
    // Who tries without the jump meets a host that forwards nothing; else the packets would leave this machine.
    await addRoute(links.inner[1].address, links.a[1], links.a[0].device);
    return links;
  }
}

/** @param {Link} link @param {string} alias @param {NetworkOptions} options */
async function startOn([, { namespace = '', address }], alias, options) {
  const within = [program('ip'), 'netns', 'exec', namespace];
  return startSshd({ port: 22, ...options, address, alias, within });
}

/** @param {readonly Host[]} hosts */
function clientConfig(hosts) {
  const sections = hosts.map((host) => clientSection(host, host.alias === 'inner' ? ['ProxyJump a'] : []));
  const direct = hosts.filter(({ alias }) => alias === 'inner');
  return [...sections, ...direct.map((host) => clientSection({ ...host, alias: 'inner-direct' }))].join('\n');
}

let started = 0;

/**
 * Three hosts on this machine, each in a network namespace with an address of its own and an sshd. `a` and `b` can be
 * reached from here; `inner` only from `a`, which forwards nothing. What earlier processes left is removed first.
 *
 * @param {NetworkOptions} [options]
 * @returns {Promise<Network>}
 * @throws {Error} if this is not root, or may not make namespaces
 */
export async function startNetwork(options = {}) {
  if (process.getuid?.() !== 0) throw new Error('not root: network namespaces need it');
  await removeDeadNamespaces();
  started += 1;
  /** The last first. @type {(() => Promise<void>)[]} */
  const undo = [];
  /** @type {Promise<void> | undefined} */
  let stopped;
  const stop = () => {
    stopped ??= (async () => {
      for (const step of undo.toReversed()) await step();
    })();
    return stopped;
  };
  /** @param {string} name */
  const add = async (name) => {
    const namespace = await addNamespace(`${started}-${name}`);
    undo.push(() => removeNamespace(namespace));
    return namespace;
  };
  try {
    const namespaces = { a: await add('a'), b: await add('b'), inner: await add('inner') };
    const links = await addLinks(namespaces);
    undo.push(
      () => removeLink(links.a),
      () => removeLink(links.b),
    );
    /** @param {'a' | 'b' | 'inner'} alias */
    const start = async (alias) => {
      const host = await startOn(links[alias], alias, options);
      undo.push(host.stop);
      const cable = { cut: () => cutLink(links[alias]), mend: () => mendLink(links[alias]) };
      return { ...host, ...cable, namespace: namespaces[alias] };
    };
    const [a, b, inner] = [await start('a'), await start('b'), await start('inner')];
    const config = path.join(a.folder, 'network_config');
    fs.writeFileSync(config, clientConfig([a, b, inner]));
    return {
      a: { ...a, config },
      b: { ...b, config },
      inner: { ...inner, config },
      config,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
