/**
 * Element-wise functions as methods: `x.sub(y).square().sum().sqrt()`. Separate from Tensor, whose file is full; a backend's
 * function of one operand becomes a method by standing in this list.
 */

import { checkCount } from './arguments.js';
import { type UnaryName, unaryNames } from './backend.js';
import { Tensor } from './tensor.js';

declare module './tensor.js' {
  interface Tensor extends Readonly<Record<UnaryName, () => Tensor>> {
    /** x · x */
    square(): Tensor;
  }
}

for (const name of unaryNames as ReadonlySet<UnaryName>) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor) {
      checkCount(name, arguments.length, 0);
      return this.unary(name);
    },
  });
}

Tensor.prototype.square = function () {
  checkCount('square', arguments.length, 0);
  return this.mul(this);
};
