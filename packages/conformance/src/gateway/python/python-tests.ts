import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Channel, Gateway, Wire } from '@execnet/core';
import * as assert from 'uvu/assert';
import { type Busy, type GatewayFixture, GatewayTests } from '../gateway-tests.ts';

/** What the suites for remote ends in Python are told of the gateways under test. */
export interface PythonFixture extends GatewayFixture {
  /** Of the language, `3.11`. */
  readonly version: string;
  readonly runtime: 'cpython' | 'pypy' | 'jython';
  /** The execution models with greenlets for which there is the module. Default: none. */
  readonly greenlets?: readonly GreenletModel[];
}

export type GreenletModel = 'eventlet' | 'gevent';

/** The tests of one suite for remote ends in Python. */
export class PythonTests extends GatewayTests {
  readonly version: string;
  readonly python2: boolean;
  readonly jython: boolean;
  readonly pypy: boolean;
  readonly cpython: boolean;
  /** Executions are greenlets. */
  readonly greenlets: boolean;

  constructor(name: string, topic: string, fixture: PythonFixture) {
    super(name, topic, fixture);
    this.version = fixture.version;
    this.python2 = fixture.version.startsWith('2');
    this.jython = fixture.runtime === 'jython';
    this.pypy = fixture.runtime === 'pypy';
    this.cpython = fixture.runtime === 'cpython';
    this.greenlets = fixture.beside === 'tasks';
  }

  /** Whether this is that version of the language, or a later one. */
  since(version: string): boolean {
    return this.version.localeCompare(version, 'en', { numeric: true }) >= 0;
  }

  /** A test of what the language has since Python 3. */
  testOn3(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.python2) this.leaveOut(title, 'Python 2 has no such thing');
    else this.test(title, body);
  }

  /** A test of what only Python 2 has. */
  testOn2(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.python2) this.test(title, body);
    else this.leaveOut(title, 'it is about Python 2');
  }

  /** A test of what the operating system gives every Python but Jython. */
  testOnC(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.jython) this.leaveOut(title, 'Jython has no such thing');
    else this.test(title, body);
  }

  /** A test of a handler that interrupts a wait. While a greenlet waits, handlers interrupt the hub of all of them. */
  testInWait(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.greenlets) this.leaveOut(title, 'a handler interrupts no greenlet that waits');
    else this.testOnC(title, body);
  }
}

/**
 * `at(step, act, work)` does `work` and, at that step of the remote end in it, `act`; it returns whether there was such a step. `receive`, `small`, `large` and
 * `called` are work to try, for channels `given` and `other`.
 */
export const STEPS = `
import sys
SEND = type(channel).send
OURS = getattr(SEND, '__func__', SEND).__code__.co_filename
def at(step, act, work):
    left = [step]
    def trace(frame, event, arg):
        # the one only calls itself
        if frame.f_code.co_filename != OURS or frame.f_code.co_name == 'descend': return None
        if hasattr(frame, 'f_trace_opcodes'): frame.f_trace_opcodes = True
        left[0] -= 1
        if left[0] == 0: act()
        return trace
    sys.settrace(trace)
    try: work()
    finally: sys.settrace(None)
    return left[0] <= 0
got, sent = [], []
def receive(): got.append(given.receive())
def small():
    other.send('small')
    sent.append(1)
def large():
    other.send('l' * 150000)
    sent.append(1)
def called():
    one = channel.gateway.newchannel()
    one.setcallback(len)
    one.end()
    one.close()
    one.waitclose()
`;

/** Sends back what arrives, until the channel is closed. */
export const ECHO = 'for item in channel: channel.send(item)';

/** Heeds no cancellation. */
export const SPINS = "channel.send('spins')\nwhile True: pass";

/** Whether this is the main thread. */
export const IS_MAIN = "__import__('threading').current_thread().name == 'MainThread'";

/** The value of an expression of Python. */
export async function evaluate<T = unknown>(
  gateway: Gateway,
  expression: string,
  args?: unknown,
): Promise<Wire<T>> {
  const channel = gateway.remoteExec<T>(`channel.send(${expression})`, args);
  const value = await channel.receive();
  await channel.waitClose();
  return value;
}

/** An execution that blocks its thread until it is ended. */
export async function occupyPython(gateway: Gateway): Promise<Busy> {
  const channel = gateway.remoteExec<string, string>("channel.send('busy'); channel.receive()");
  assert.is(await channel.receive(), 'busy');
  return {
    channel,
    async end() {
      await channel.send('end');
      await channel.waitClose();
    },
  };
}

/** Has the file that `args` names written to at the exit of the process. */
export const AT_EXIT = `
import atexit
def at_exit(path=args):
    with open(path, 'a') as file: file.write('at exit')
atexit.register(at_exit)`;

/** What is kept at the remote end for later executions, under a name. */
export const KEEP = `
import sys, types
def keep(name, value):
    setattr(sys.modules.setdefault('execnet_kept', types.ModuleType('execnet_kept')), name, value)
def kept(name, default=None):
    return getattr(sys.modules.get('execnet_kept'), name, default)
`;

/** What an execution has kept under a name, or null. */
export async function keptAs<T = unknown>(gateway: Gateway, name: string): Promise<Wire<T>> {
  const channel = gateway.remoteExec<T>(`${KEEP}\nchannel.send(kept(args))`, name);
  const value = await channel.receive();
  await channel.waitClose();
  return value;
}

/** All items, until the channel is closed. */
export async function itemsOf<T>(channel: Channel<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of channel) items.push(item);
  return items;
}

export interface PythonFile extends Disposable {
  readonly file: string;
  readonly url: URL;
  /** The URL of a function in it. */
  function(name: string): URL;
}

/** A module in a folder of its own, which is gone after the test. */
export function pythonFile(text: string | Uint8Array): PythonFile {
  const folder = mkdtempSync(join(tmpdir(), 'execnet-python-'));
  const file = join(folder, 'job.py');
  writeFileSync(file, text);
  const url = pathToFileURL(file);
  return {
    file,
    url,
    function: (name) => new URL(`#${name}`, url),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** A file that code at the remote end writes to, to be looked at when that has ended. */
export class Marker implements Disposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'execnet-python-'));
  readonly file: string = join(this.#folder, 'marker');

  get text(): string {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
