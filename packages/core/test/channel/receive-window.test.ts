import { ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'uvu';
import { INITIAL_WINDOW, ReceiveWindow, WindowBudget } from '../../src/channel/receive-window.ts';

const COST = 60;

/** A sender that sends whenever it has credit, to a reader that takes each item at once but is never waiting for one. */
function stream(window: ReceiveWindow, items: number): { mostCredit: number } {
  let credit = INITIAL_WINDOW;
  let mostCredit = 0;
  for (let i = 0; i < items; i++) {
    if (credit < COST) break;
    credit -= COST;
    credit += window.arrived(COST, 0, false);
    window.consumed(COST);
    credit += window.granted(false);
    mostCredit = Math.max(mostCredit, credit);
  }
  return { mostCredit };
}

/** Fills a channel that nobody reads; returns what it held in the end. */
function fill(window: ReceiveWindow): number {
  let credit = INITIAL_WINDOW;
  let held = 0;
  while (credit >= COST) {
    held += COST;
    credit += window.arrived(COST, 0, false) - COST;
  }
  return held;
}

test('the window of a stream that is read grows to the largest, though its reader never waits', () => {
  const { mostCredit } = stream(new ReceiveWindow(new WindowBudget()), 500_000);
  ok(mostCredit > 1024 * 1024, `the sender had ${mostCredit} bytes at most`);
});

test('a channel that nobody reads holds a part of the budget, and a thousand little more than their windows', () => {
  const budget = new WindowBudget();
  let held = 0;
  for (let i = 0; i < 1000; i++) held += fill(new ReceiveWindow(budget));
  ok(held >= 1000 * (INITIAL_WINDOW - COST), `${held} bytes`);
  ok(held <= 1000 * INITIAL_WINDOW + 1024 * 1024, `${held} bytes`);
});

test('a stream that is read grows beside a thousand that are not', () => {
  const budget = new WindowBudget();
  for (let i = 0; i < 1000; i++) fill(new ReceiveWindow(budget));
  const { mostCredit } = stream(new ReceiveWindow(budget), 500_000);
  ok(mostCredit > 512 * 1024, `the sender had ${mostCredit} bytes at most`);
});

test('what a channel had reserved is there for others when it is closed', () => {
  const budget = new WindowBudget();
  const first = new ReceiveWindow(budget);
  const held = fill(first);
  first.close();
  first.close();
  strictEqual(fill(new ReceiveWindow(budget)), held);
});

test('a peer that sends more than it may is refused', () => {
  const window = new ReceiveWindow(new WindowBudget());
  throws(() => window.arrived(INITIAL_WINDOW + 1, 0, true), { code: 'ERR_EXECNET_PROTOCOL' });
});

test.run();
