import type { Channel } from '@execnet/core';
import * as assert from 'uvu/assert';
import { apart, collecting, type DroppedCode, droppedTests } from '../garbage.ts';
import { KEEP, keptAs, type PythonFixture, PythonTests } from './python-tests.ts';

/** Channels that one end drops while they are open: the other end sees them closed, and what executes goes on. */
export function pythonGarbageSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'dropped channels', fixture);
  droppedHere(tests);
  droppedTests(tests, CODE);
  droppedThere(tests);
  tests.run();
}

function droppedHere(tests: PythonTests): void {
  tests.test('an execution whose channel is dropped is not cancelled, and goes on', async (gateway) => {
    const log = gateway.newChannel<string[] | string, string>();
    await apart(async () => {
      const channel = gateway.remoteExec(
        `
        args.send('started')
        seen = []
        for use, kind in (channel.receive, EOFError), (lambda: channel.send(1), IOError):
            try:
                use()
            except kind:
                seen.append(kind.__name__)
        channel.waitclose()
        seen.append('closed')
        args.send(seen)
        args.send('goes on with ' + args.receive())`,
        log,
      );
      assert.is(await log.receive(), 'started');
      assert.is(channel.isClosed, false);
    });
    const [receiving, sending, waiting] = (await collecting(gateway, log.receive())) as string[];
    assert.equal([receiving, waiting], ['EOFError', 'closed']);
    assert.match(sending as string, /^(OSError|IOError)$/);
    await log.send('its work');
    assert.is(await log.receive(), 'goes on with its work');
    log.close();
  });
}

const CODE: DroppedCode = {
  addUp: (gateway, log) => gateway.remoteExec<never, number>('args.send(sum(channel))', log),
  failLate: (gateway, log) =>
    gateway.remoteExec("args.send('started'); channel.waitclose(); raise ValueError('unheard')", log),
  fail: (gateway, log) => gateway.remoteExec("args.send('fails'); raise ValueError('unheard')", log),
  error: 'ValueError: unheard',
};

/** Drops what is kept under a name. Jython's collector is the machine's, which is asked by `gc.collect` as well. */
const DROP = `${KEEP}\nimport gc\nkeep(args, None)\ngc.collect()`;

function droppedThere(tests: PythonTests): void {
  tests.test('a channel that remote code drops is closed here, behind what it sent', async (gateway) => {
    const given = gateway.newChannel<number>();
    await gateway.remoteExec(`${KEEP}\nkeep('dropped', args)`, given).waitClose();
    assert.is(given.isClosed, false);
    await gateway
      .remoteExec(`${KEEP}\nfor item in range(100): kept('dropped').send(item)\nkeep('dropped', None)`)
      .waitClose();
    const items: number[] = [];
    const ended = (async () => {
      for await (const item of given) items.push(item);
    })();
    let open = true;
    void ended.then(() => {
      open = false;
    });
    while (open) await gateway.remoteExec(DROP, 'dropped').waitClose();
    assert.is(items.length, 100);
  });

  tests.test('a channel with a callback is held by it there', async (gateway) => {
    const given = gateway.newChannel<never, number>();
    await gateway
      .remoteExec(
        `${KEEP}\nseen = []\nkeep('seen_by_callback', seen)\nargs.setcallback(seen.append)`,
        given as Channel,
      )
      .waitClose();
    await gateway.remoteExec(DROP, 'dropped').waitClose();
    assert.is(given.isClosed, false);
    await given.send(1);
    let seen: number[] = [];
    while (seen.length === 0) seen = await keptAs<number[]>(gateway, 'seen_by_callback');
    assert.equal(seen, [1]);
    given.close();
  });
}
