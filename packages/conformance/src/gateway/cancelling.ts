import { CancelledError, type Channel, ConnectionLostError, type Gateway, TimeoutError } from '@execnet/core';
import * as assert from 'uvu/assert';
import {
  assertAllFailWith,
  failureOf,
  type GatewayFixture,
  GatewayTests,
  occupy,
  settled,
  stop,
  warningsWhile,
} from './gateway-tests.ts';

/** What ends an execution. What only ends the listening is in `closing.ts`. */
export function cancellingSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'cancelling', fixture);
  reasons(tests);
  disposing(tests);
  waysToCancel(tests);
  blockedCalls(tests);
  scope(tests);
  ends(tests, fixture);
  tests.run();
}

/** A channel on which remote code says what happens to it, while its own is closed. */
function logOf(gateway: Gateway): Channel<string, string> {
  return gateway.newChannel<string, string>();
}

type Log = Channel<unknown, string>;

/** Waits for its channel, and tells the log how that ended. */
const waitingCode = async (channel: Channel, log: Log): Promise<void> => {
  try {
    channel.signal.addEventListener('abort', () => void log.send('signal'));
    await log.send('waits');
    await channel.receive();
  } catch (error) {
    const { name, code } = error as Error & { code?: string };
    await log.send(`${name} ${code} ${channel.signal.aborted} ${channel.signal.reason === error}`);
  } finally {
    await log.send('finally');
  }
};

async function seen(log: Channel<string>, count: number): Promise<string[]> {
  const items: string[] = [];
  while (items.length < count) items.push(await log.receive());
  log.close();
  return items;
}

const CANCELLED = ['signal', 'CancelledError ERR_EXECNET_CANCELLED true true', 'finally'];

/** Sends, and when it is cancelled cleans up for a moment. */
const cleaningUp = async (channel: Channel<unknown, string>, log: Log): Promise<void> => {
  try {
    for (const item of ['one', 'two', 'waits']) await channel.send(item);
    await log.send('waits');
    await channel.receive();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await log.send('cleaned up');
  }
};

function reasons(tests: GatewayTests): void {
  for (const reason of [new RangeError('enough'), 'a text'])
    tests.test(`after cancel everything here fails with its reason: ${typeof reason}`, async (gateway) => {
      const log = logOf(gateway);
      const channel = gateway.remoteExec(cleaningUp, log);
      assert.is(await log.receive(), 'waits');
      assert.is(await channel.receive(), 'one');
      let over = false;
      const closed = failureOf(channel.waitClose()).finally(() => {
        over = true;
      });
      channel.cancel(reason);
      // at once, although more has arrived
      await assertAllFailWith(channel, reason);
      assert.is(over, false);
      assert.is(await log.receive(), 'cleaned up');
      assert.is(await closed, reason);
      assert.is(await failureOf(channel.waitClose()), reason);
      channel.cancel();
      assert.is(await failureOf(channel.receive()), reason);
      log.close();
    });

  tests.test(
    'cancel without a reason is a CancelledError, and of what is over it is nothing',
    async (gateway) => {
      const log = logOf(gateway);
      const channel = gateway.remoteExec(waitingCode, log);
      channel.cancel();
      assert.is((await failureOf(channel.waitClose())).code, 'ERR_EXECNET_CANCELLED');
      log.close();
      const done = gateway.remoteExec((channel: Channel) => void channel.send(1));
      await done.waitClose();
      done.cancel();
      assert.is(await done.receive(), 1);
      await done.waitClose();
    },
  );

  tests.test('an execution that has ended its channel, and goes on, is cancelled as any', async (gateway) => {
    const log = logOf(gateway);
    const channel = gateway.remoteExec(async (channel: Channel<string, number>, log: Log) => {
      await channel.send(1);
      await channel.end();
      await channel.receive().catch((error: Error) => log.send(error.name));
    }, log);
    for await (const item of channel) assert.is(item, 1);
    const reason = new RangeError('enough');
    channel.cancel(reason);
    const failing = [channel.receive(), channel[Symbol.asyncIterator]().next(), channel.waitClose()];
    for (const failure of failing) assert.is(await failureOf(failure), reason);
    assert.is(await log.receive(), 'CancelledError');
    log.close();
  });

  tests.test(
    'a reason that is the error of another execution is told nobody as a failure of this one',
    async (gateway) => {
      const first = await failureOf(
        gateway.call(() => {
          throw new RangeError('the first');
        }),
      );
      const warnings = await warningsWhile(async () => {
        const controller = new AbortController();
        const { signal } = controller;
        const waits = async (channel: Channel) => void (await channel.receive());
        const over = gateway.remoteExec(waits, undefined, { signal }).waitClose();
        controller.abort(first);
        assert.is(await failureOf(over), first);
        await settled(gateway);
      });
      assert.equal(warnings, []);
    },
  );

  tests.test('a signal that hundreds of waits share is no leak', async (gateway) => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = gateway.newChannel();
    const warnings = await warningsWhile(async () => {
      const waits = Array.from({ length: 200 }, () => failureOf(channel.receive({ signal })));
      assert.is(await gateway.call(() => 1, undefined, { signal }), 1);
      controller.abort(new RangeError('enough'));
      for (const error of await Promise.all(waits)) assert.is(error.message, 'enough');
    });
    assert.equal(warnings, []);
    channel.close();
  });

  tests.test('disposing of what was cancelled before waits, and throws nothing', async (gateway) => {
    const log = logOf(gateway);
    {
      await using channel = gateway.remoteExec(cleaningUp, log);
      assert.is(await log.receive(), 'waits');
      channel.cancel(new RangeError('enough'));
    }
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
    assert.is(await log.receive(), 'cleaned up');
    log.close();
  });

  tests.test('cancel of a channel without an execution is told to the other end', async (gateway) => {
    const items = gateway.newChannel();
    const seen = gateway.call(
      async (items: Channel) => items.receive().catch((error: Error) => error.message),
      items,
    );
    const reason = new RangeError('given up');
    items.cancel(reason);
    assert.is(await failureOf(items.receive()), reason);
    assert.match(String(await seen), 'RangeError: given up');
  });

  tests.test('disposing of the channel waits for the end, and is no failure', async (gateway) => {
    const log = logOf(gateway);
    {
      await using channel = gateway.remoteExec(cleaningUp, log);
      assert.is(await channel.receive(), 'one');
      assert.is(await log.receive(), 'waits');
    }
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
    assert.is(await log.receive(), 'cleaned up');
    log.close();
  });
}

function disposing(tests: GatewayTests): void {
  tests.test(
    'disposing throws what the clean-up fails with; an earlier failure is a warning',
    async (gateway) => {
      const failing = async (
        channel: Channel<unknown, string>,
        { log, waits }: { log: Log; waits: boolean },
      ) => {
        await log.send('begins');
        if (waits) await channel.receive().catch(() => {});
        throw new RangeError('it could not clean up');
      };
      const disposed = async (waits: boolean): Promise<void> => {
        // of each its own: what has ended drops it, and the collector there closes it
        const log = logOf(gateway);
        await using channel = gateway.remoteExec(failing, { log, waits });
        assert.ok(channel.id > 0);
        assert.is(await log.receive(), 'begins');
        log.close();
        if (!waits) while ((await gateway.remoteStatus()).numExecuting > 0);
      };
      const failure = 'RangeError: it could not clean up';
      assert.is((await failureOf(disposed(true))).message, failure);
      // nobody has received that
      const [warning] = await warningsWhile(() => disposed(false), 1);
      assert.match(warning as string, failure);
    },
  );
}

function waysToCancel(tests: GatewayTests): void {
  tests.test('the signal of the execution fires, and what it awaits rejects', async (gateway) => {
    const log = logOf(gateway);
    const channel = gateway.remoteExec(waitingCode, log);
    assert.is(await log.receive(), 'waits');
    channel.cancel();
    assert.equal(await seen(log, 3), CANCELLED);
  });

  tests.test('disposing of the channel cancels', async (gateway) => {
    const log = logOf(gateway);
    {
      await using channel = gateway.remoteExec(waitingCode, log);
      assert.is(await log.receive(), 'waits');
      assert.is(channel.isClosed, false);
    }
    assert.equal(await seen(log, 3), CANCELLED);
  });

  tests.test('the signal given to remoteExec cancels, and closes the channel here', async (gateway) => {
    const log = logOf(gateway);
    const controller = new AbortController();
    const channel = gateway.remoteExec(waitingCode, log, { signal: controller.signal });
    assert.is(await log.receive(), 'waits');
    const failing = [channel.receive(), channel.waitClose()].map(failureOf);
    controller.abort();
    assert.equal(await seen(log, 3), CANCELLED);
    for (const error of await Promise.all(failing)) assert.is(error, controller.signal.reason);
    assert.is(channel.isClosed, true);
  });

  tests.test('a signal that is aborted already starts nothing', async (gateway) => {
    const reason = new Error('never mind');
    const mark = () => {
      (globalThis as { startedAnyway?: boolean }).startedAnyway = true;
    };
    const signal = AbortSignal.abort(reason);
    assert.is(await failureOf(() => gateway.remoteExec(mark, undefined, { signal })), reason);
    assert.is(await failureOf(gateway.call(mark, undefined, { signal })), reason);
    assert.is(await gateway.call(() => (globalThis as { startedAnyway?: boolean }).startedAnyway), undefined);
  });

  tests.test('a signal that is aborted after the end does nothing', async (gateway) => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = gateway.remoteExec((channel: Channel) => void channel.send(1), undefined, { signal });
    await channel.waitClose();
    assert.is(await gateway.call(() => 2, undefined, { signal }), 2);
    controller.abort();
    assert.is(await channel.receive(), 1);
  });

  const blocked = (log: Log): string => {
    try {
      log.sendSync('waits');
      return String(log.receiveSync());
    } catch (error) {
      log.sendSync((error as Error).name);
      throw error;
    } finally {
      log.sendSync('finally');
    }
  };

  tests.test('the signal given to call cancels, and call rejects with its reason', async (gateway) => {
    const log = logOf(gateway);
    const controller = new AbortController();
    const reason = new Error('enough of it');
    const result = failureOf(gateway.call(blocked, log, { signal: controller.signal }));
    assert.is(await log.receive(), 'waits');
    controller.abort(reason);
    assert.is(await result, reason);
    assert.equal(await seen(log, 2), ['CancelledError', 'finally']);
  });

  tests.test('the timeout given to call cancels, and call rejects with a TimeoutError', async (gateway) => {
    const log = logOf(gateway);
    const result = failureOf(gateway.call(blocked, log, { timeout: 1000 }));
    assert.is(await log.receive(), 'waits');
    assert.instance(await result, TimeoutError);
    assert.equal(await seen(log, 2), ['CancelledError', 'finally']);
  });

  tests.test('call refuses a timeout that is none before anything is sent', async (gateway) => {
    assert.instance(await failureOf(gateway.call(() => 1, undefined, { timeout: -1 })), TypeError);
    assert.match(String(gateway), ' 0 active channels');
  });

  tests.test('waits of the platform end with the signal', async (gateway) => {
    const log = logOf(gateway);
    const channel = gateway.remoteExec(async (channel: Channel, log: Log) => {
      const { setTimeout: delay } = await import('node:timers/promises');
      await log.send('waits');
      const outcome = await delay(1_000_000, 'over', { signal: channel.signal }).catch((error) => error.name);
      await log.send(String(outcome));
    }, log);
    assert.is(await log.receive(), 'waits');
    channel.cancel();
    assert.equal(await seen(log, 1), ['AbortError']);
  });
}

function blockedCalls(tests: GatewayTests): void {
  const outcomes = (channel: Channel, { log, kind }: { log: Log; kind: string }): void => {
    try {
      log.sendSync('waits');
      if (kind === 'receiveSync') channel.receiveSync();
      else if (kind === 'sync') for (const item of channel.sync()) log.sendSync(String(item));
      else if (kind === 'another channel') log.receiveSync();
      else for (;;) channel.sendSync(new Uint8Array(1024 * 1024));
      log.sendSync('ended without an error');
    } catch (error) {
      const { name, code } = error as Error & { code?: string };
      log.sendSync(`${name} ${code} ${channel.signal.aborted}`);
    } finally {
      log.sendSync('finally');
    }
  };

  for (const kind of ['receiveSync', 'sync', 'sendSync', 'another channel']) {
    tests.test(`a blocked call throws, so that finally runs: ${kind}`, async (gateway) => {
      const log = logOf(gateway);
      const channel = gateway.remoteExec(outcomes, { log: log, kind });
      assert.is(await log.receive(), 'waits');
      channel.cancel();
      assert.equal(await seen(log, 2), ['CancelledError ERR_EXECNET_CANCELLED true', 'finally']);
    });

    tests.testThreads(
      `so does one on another thread, and the one beside it blocks on: ${kind}`,
      async (gateway) => {
        const busy = await occupy(gateway);
        const log = logOf(gateway);
        const channel = gateway.remoteExec(outcomes, { log: log, kind });
        assert.is(await log.receive(), 'waits');
        channel.cancel();
        assert.equal(await seen(log, 2), ['CancelledError ERR_EXECNET_CANCELLED true', 'finally']);
        await busy.end();
      },
    );
  }

  tests.test('a further blocking call of a cancelled execution throws at once', async (gateway) => {
    const log = logOf(gateway);
    const channel = gateway.remoteExec((channel: Channel, log: Log) => {
      log.sendSync('waits');
      for (let round = 0; round < 3; round++) {
        try {
          channel.receiveSync();
        } catch (error) {
          log.sendSync((error as Error).name);
        }
      }
    }, log);
    assert.is(await log.receive(), 'waits');
    channel.cancel();
    assert.equal(await seen(log, 3), ['CancelledError', 'CancelledError', 'CancelledError']);
  });

  tests.test('a thread whose execution was cancelled blocks for the next one as before', async (gateway) => {
    for (let round = 0; round < 5; round++) {
      const log = logOf(gateway);
      const cancelled = gateway.remoteExec(outcomes, { log: log, kind: 'receiveSync' });
      await log.receive();
      cancelled.cancel();
      await seen(log, 2);
      await stop(cancelled);
      const channel = gateway.remoteExec((channel: Channel<number, number>) => {
        channel.sendSync(channel.receiveSync() + 1);
      });
      void channel.send(round);
      assert.is(await channel.receive(), round + 1);
      await channel.waitClose();
    }
  });
}

function scope(tests: GatewayTests): void {
  tests.testThreads('cancelling one execution leaves the others alone', async (gateway) => {
    const logs = [logOf(gateway), logOf(gateway)] as const;
    const code = (channel: Channel<string>, log: Log): void => {
      log.sendSync('waits');
      try {
        log.sendSync(`got ${channel.receiveSync()}`);
      } catch (error) {
        log.sendSync((error as Error).name);
      }
    };
    const [first, second] = logs.map((log) => gateway.remoteExec(code, log));
    for (const log of logs) assert.is(await log.receive(), 'waits');
    first?.cancel();
    assert.equal(await seen(logs[0], 1), ['CancelledError']);
    void second?.send('an item');
    assert.equal(await seen(logs[1], 1), ['got an item']);
    await second?.waitClose();
  });

  tests.test(
    'an execution that fails because it was cancelled warns nobody and breaks nothing',
    async (gateway) => {
      for (let round = 0; round < 5; round++) {
        const log = logOf(gateway);
        const channel = gateway.remoteExec((channel: Channel, log: Log) => {
          log.sendSync('waits');
          channel.receiveSync();
        }, log);
        await log.receive();
        await stop(channel);
        log.close();
      }
      assert.is(await gateway.call(() => 'fine'), 'fine');
    },
  );
}

function ends(tests: GatewayTests, { operations }: GatewayFixture): void {
  tests.test('waitClose tells when the execution is over, its clean-up included', async (gateway) => {
    const log = logOf(gateway);
    const channel = gateway.remoteExec(async (channel: Channel<unknown, string>, log: Log) => {
      try {
        await channel.send('waits');
        await channel.receive();
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 50));
        await log.send('cleaned up');
      }
    }, log);
    assert.is(await channel.receive(), 'waits');
    let over = false;
    const closed = (async () => {
      const waiting = failureOf(channel.waitClose());
      const reason = new Error('enough');
      channel.cancel(reason);
      assert.is(channel.isClosed, true);
      assert.is(await waiting, reason);
      assert.is(await failureOf(channel.waitClose()), reason);
      over = true;
    })();
    assert.is(await log.receive(), 'cleaned up');
    assert.is(over, false);
    await closed;
    const { numExecuting } = await gateway.remoteStatus();
    assert.is(numExecuting, 0);
    log.close();
  });

  tests.test('a clean-up that fails is what waitClose rejects with, each time', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<unknown, string>) => {
      try {
        await channel.send('waits');
        await channel.receive();
      } catch {
        throw new RangeError('can not clean up');
      }
    });
    assert.is(await channel.receive(), 'waits');
    channel.cancel();
    for (let time = 0; time < 2; time++)
      assert.match((await failureOf(channel.waitClose())).message, 'can not clean up');
    assert.instance(await failureOf(channel.receive()), CancelledError);
  });

  tests.test('waitClose takes a timeout and a signal', async (gateway) => {
    const go = gateway.newChannel<never, string>();
    const channel = gateway.remoteExec(async (channel: Channel<unknown, string>, go: Channel<string>) => {
      await channel.send('waits');
      // whatever it is told
      while (!(await go.receive().catch(() => '')));
    }, go);
    assert.is(await channel.receive(), 'waits');
    channel.cancel();
    assert.instance(await failureOf(channel.waitClose({ timeout: 10 })), TimeoutError);
    const reason = new Error('enough');
    assert.is(await failureOf(channel.waitClose({ signal: AbortSignal.abort(reason) })), reason);
    void go.send('now');
    assert.instance(await failureOf(channel.waitClose()), CancelledError);
  });

  tests.test('an execution that is over when it is cancelled is over', async (gateway) => {
    for (let round = 0; round < 20; round++) {
      const channel = gateway.remoteExec((channel: Channel<unknown, number>) => void channel.send(1));
      assert.is(await channel.receive(), 1);
      await stop(channel);
    }
  });

  tests.testWith({}, 'what is told to stop as its gateway ends does not look complete', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
      try {
        for (let n = 0; ; n++) {
          channel.signal.throwIfAborted();
          await channel.send(n);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    const closed = failureOf(channel.waitClose());
    const read = failureOf(async () => {
      for await (const n of channel) if (n === 0) void gateway.terminate({ timeout: 20_000 });
    });
    for (const error of [await read, await closed]) {
      assert.instance(error, ConnectionLostError);
      assert.is((error.cause as { code?: string }).code, 'ERR_EXECNET_TERMINATED');
    }
  });

  const title = 'what comes to its end as its gateway ends does';
  if (operations) tests.leaveOut(title, 'what is told to stop is halted');
  else
    tests.testWith({}, title, async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
        await channel.send(0);
        await channel.receive().catch(() => {});
      });
      for await (const n of channel) if (n === 0) void gateway.terminate({ timeout: 20_000 });
      await channel.waitClose();
    });
}
