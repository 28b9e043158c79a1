/**
 * Element-wise functions as methods: `x.sub(y).square().sum().sqrt()`. Separate from Tensor, whose file is full; a backend's
 * function of one operand becomes a method by standing in this list.
 */

import type { UnaryName } from './backend.js';
import { Tensor } from './tensor.js';

const names: readonly UnaryName[] = [
  'abs',
  'cos',
  'erf',
  'exp',
  'log',
  'log1p',
  'neg',
  'reciprocal',
  'relu',
  'sigmoid',
  'sign',
  'sin',
  'sqrt',
  'tanh',
];

declare module './tensor.js' {
  interface Tensor extends Readonly<Record<UnaryName, () => Tensor>> {
    /** x · x */
    square(): Tensor;
  }
}

for (const name of names) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor) {
      return this.unary(name);
    },
  });
}

Tensor.prototype.square = function () {
  return this.mul(this);
};
