import { markKind } from './kinds.ts';

/**
 * A number that is dumped as a float even if it is integral: `new Float(1)` reaches Python as `1.0`, where `1` would be an int.
 * Python's floats are loaded as plain numbers.
 */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  valueOf(): number {
    return this.value;
  }

  /** As Python shows it: `1.0`. */
  toString(): string {
    return Number.isInteger(this.value) ? this.value.toFixed(1) : String(this.value);
  }
}

markKind(Float.prototype, 'float');
