/** @typedef {import('./run-test-file.mjs').Result} Result */

/** What happened so far: a line for each part as it ends, and the totals at the end. */
export class Report {
  #passed = 0;
  #failed = 0;
  /** @type {{ name: string, text: string }[]} */
  #failures = [];
  /** @type {{ name: string, count: number, reason: string }[]} */
  #skips = [];
  /** @type {string[]} */
  #unsteady = [];
  /** @type {string[]} */
  #remarks = [];

  /**
   * Counts one part: a check, or a test file with its tests. A failing one is told in full at once.
   *
   * @param {Result} result
   */
  add({ name, passed, failed, skipped, reasons = [], seconds, faults, output }) {
    const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
    console.log(
      `${failed ? 'FAIL' : 'ok  '} ${name}: ${counts.filter(Boolean).join(', ')} (${seconds.toFixed(1)} s)`,
    );
    this.#passed += passed;
    this.#failed += failed;
    for (const reason of new Set(reasons))
      this.#skips.push({ name, count: reasons.filter((one) => one === reason).length, reason });
    const untold = skipped - reasons.length;
    if (untold > 0) this.#skips.push({ name, count: untold, reason: 'skipped by the file itself' });
    if (failed === 0) return;
    const text = textOf(faults, output);
    console.log(text);
    this.#failures.push({ name, text });
  }

  /**
   * Tells in full of a test file that failed and will be run once more; it counts by what it does then.
   *
   * @param {Result} result
   */
  postpone({ name, seconds, faults, output }) {
    console.log(
      `once ${name}: failed, and will be run again (${seconds.toFixed(1)} s)\n${textOf(faults, output)}`,
    );
  }

  /**
   * Counts a test file that failed and passed when it was run again.
   *
   * @param {Result} result
   */
  unsteady({ name }) {
    this.#unsteady.push(name);
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

  /** Prints failures and skips again, then the totals as the last line. True if nothing failed. */
  finish() {
    for (const { name, text } of this.#failures) console.log(`\nFAIL ${name}\n${text}`);
    if (this.#unsteady.length > 0) console.log('\nFailed once, passed when run again:');
    for (const name of this.#unsteady) console.log(`  ${name}`);
    if (this.#skips.length > 0) console.log('\nSkipped:');
    for (const { name, count, reason } of this.#skips) console.log(`  ${count} × ${name}: ${reason}`);
    if (this.#remarks.length > 0) console.log('');
    for (const text of this.#remarks) console.log(text);
    const skipped = this.#skips.reduce((sum, { count }) => sum + count, 0);
    console.log(`\n${this.#passed} passed, ${this.#failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
    return this.#failed === 0;
  }
}

/** @param {readonly string[]} faults @param {string} output */
const textOf = (faults, output) => [...faults, output.trimEnd()].join('\n').replace(/^/gm, '     ');
