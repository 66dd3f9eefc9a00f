import { inspect } from 'node:util';
import { type Callback, suite, type Test } from 'uvu';

/** Selects tests of a suite. */
export interface Selection {
  /**
   * Whether a test is run, or counted as skipped where it can't be run; by default each is. For a runner that deals a suite out over several gateways.
   * Called once for each test, in order, while the suite is registered.
   *
   * @param suite the topic of the suite, without the name that was given to it: `channels`
   * @param canRun false for a test that needs more than the gateways under test have
   */
  readonly wants?: (suite: string, title: string, canRun: boolean) => boolean;
}

/** A suite of uvu that has the selected tests only. One without any test is not run. */
export class SelectedSuite {
  readonly #suite: Test;
  readonly #topic: string;
  readonly #selection: Selection;
  #empty = true;

  constructor(name: string, topic: string, selection: Selection) {
    this.#suite = suite(`${name}: ${topic}`);
    this.#topic = topic;
    this.#selection = selection;
  }

  test(title: string, body: Callback): void {
    if (this.#has(title, true)) this.#suite(title, toldWhole(body));
  }

  /** Counts a test as skipped; the runner of the test files reads the line. */
  leaveOut(title: string, reason: string): void {
    if (!this.#has(title, false)) return;
    this.#suite.skip(title);
    console.log(`left out: ${reason}: ${title}`);
  }

  before(body: Callback): void {
    this.#suite.before(body);
  }

  after(body: Callback): void {
    this.#suite.after(body);
  }

  /** Runs the tests, after what was run before. */
  run(): void {
    if (!this.#empty) this.#suite.run();
  }

  #has(title: string, canRun: boolean): boolean {
    if (this.#selection.wants?.(this.#topic, title, canRun) === false) return false;
    this.#empty = false;
    return true;
  }
}

/** The runner shows the stack of what a test fails with: errors that stand behind it are to be there, too. */
const toldWhole =
  (body: Callback): Callback =>
  async (context) => {
    try {
      await body(context);
    } catch (error) {
      const more = ['cause', 'errors', 'error', 'suppressed'];
      if (error instanceof Error && more.some((name) => name in error))
        Object.defineProperty(error, 'stack', { value: inspect(error, { depth: 5 }) });
      throw error;
    }
  };
