/** @typedef {import('./run-batch.mjs').Result} Result */

/** The totals name so many of the slowest files. */
const slowest = 10;

/** So large a part of all must have run before it tells how long the rest will take. */
const enough = 0.05;

/** @param {number} seconds */
const duration = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/** What happened so far: a line for each part as it ends, and the totals at the end. */
export class Report {
  #passed = 0;
  #failed = 0;
  /** @type {{ name: string, text: string }[]} */
  #failures = [];
  /** @type {{ name: string, count: number, reason: string }[]} */
  #skips = [];
  /** @type {string[]} */
  #remarks = [];
  /** @type {{ name: string, seconds: number }[]} */
  #files = [];
  /** @type {{ parts: number, weight: number, begun: number } | undefined} */
  #expected;
  #parts = 0;
  #weight = 0;

  /** Whether anything has failed so far. */
  get failed() {
    return this.#failed > 0;
  }

  /**
   * Says how much is to come, so that each line can say how much is left.
   *
   * @param {number} parts
   * @param {number} weight of all parts together, in the unit of `add`
   */
  expect(parts, weight) {
    this.#expected = { parts, weight, begun: performance.now() };
    this.#parts = 0;
    this.#weight = 0;
  }

  /**
   * Counts one part: a check, or a test file with its tests. A failing one is told in full at once.
   *
   * @param {Result} result
   * @param {number} [weight] how much of what is expected it was; 0 for what was not
   */
  add({ name, passed, failed, skipped, reasons = [], seconds, faults, output }, weight = 0) {
    const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
    console.log(
      `${failed ? 'FAIL' : 'ok  '} ${this.#progress(weight)}${name}: ${counts.filter(Boolean).join(', ')} (${seconds.toFixed(1)} s)`,
    );
    if (weight > 0) this.#files.push({ name, seconds });
    this.#count({ name, passed, failed, skipped, reasons });
    if (failed === 0) return;
    const text = textOf(faults, output);
    console.log(text);
    this.#failures.push({ name, text });
  }

  /**
   * Counts a test file that passed before, and would do the same again.
   *
   * @param {string} name
   * @param {Pick<Result, 'passed' | 'skipped' | 'reasons'>} result
   */
  unchanged(name, { passed, skipped, reasons = [] }) {
    this.#count({ name, passed, failed: 0, skipped, reasons });
  }

  /** @param {Pick<Result, 'name' | 'passed' | 'failed' | 'skipped'> & { reasons: readonly string[] }} result */
  #count({ name, passed, failed, skipped, reasons }) {
    this.#passed += passed;
    this.#failed += failed;
    for (const reason of new Set(reasons))
      this.#skips.push({ name, count: reasons.filter((one) => one === reason).length, reason });
    const untold = skipped - reasons.length;
    if (untold > 0) this.#skips.push({ name, count: untold, reason: 'skipped by the file itself' });
  }

  /** `[12/80, 4 min left] `, at first without the time. @param {number} weight */
  #progress(weight) {
    if (this.#expected === undefined || weight === 0) return '';
    const { parts, weight: all, begun } = this.#expected;
    this.#parts++;
    this.#weight += weight;
    const seconds = (performance.now() - begun) / 1000;
    const left = (seconds / this.#weight) * Math.max(0, all - this.#weight);
    const estimate = this.#weight < enough * all ? '' : `, ${duration(left)} left`;
    return `[${this.#parts}/${parts}${estimate}] `;
  }

  /**
   * Counts one thing that was left out.
   *
   * @param {string} name
   * @param {string} reason
   */
  skip(name, reason) {
    console.log(`skip ${name}: ${reason}`);
    this.#skips.push({ name, count: 1, reason });
  }

  /** What the totals are to say besides. @param {string} text */
  remark(text) {
    this.#remarks.push(text);
  }

  /** Prints what was skipped, and all failures once more, then the totals as the last line. True if nothing failed. */
  finish() {
    if (this.#skips.length > 0) console.log('\nSkipped:');
    for (const { name, count, reason } of this.#skips) console.log(`  ${count} × ${name}: ${reason}`);
    const slow = [...this.#files].sort((a, b) => b.seconds - a.seconds).slice(0, slowest);
    if (slow.length > 1) console.log('\nSlowest files:');
    for (const { name, seconds } of slow) console.log(`  ${seconds.toFixed(1)} s ${name}`);
    if (this.#remarks.length > 0) console.log('');
    for (const text of this.#remarks) console.log(text);
    for (const { name, text } of this.#failures) console.log(`\nFAIL ${name}\n${text}`);
    const skipped = this.#skips.reduce((sum, { count }) => sum + count, 0);
    console.log(`\n${this.#passed} passed, ${this.#failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
    return this.#failed === 0;
  }
}

/** Lines of uvu that say nothing: of a suite in which all passed, and of tests that were left out. */
const unremarkable = /^(?:.* (?:• )+ *\((\d+) \/ \1\)|left out: .*)\n/gm;

/** @param {readonly string[]} faults @param {string} output */
const textOf = (faults, output) =>
  [...faults, output.replace(unremarkable, '').trimEnd()].join('\n').replace(/^/gm, '     ');
