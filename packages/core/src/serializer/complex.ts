import { markKind } from './kinds.ts';

/** A complex number, Python's `complex`. */
export class Complex {
  readonly real: number;
  readonly imag: number;

  constructor(real: number, imag: number) {
    this.real = real;
    this.imag = imag;
  }

  /** As Python shows it: `(1-2j)`. */
  toString(): string {
    const negative = this.imag < 0 || Object.is(this.imag, -0);
    return `(${this.real}${negative ? '' : '+'}${Object.is(this.imag, -0) ? '-0' : this.imag}j)`;
  }
}

markKind(Complex.prototype, 'complex');
