/**
 * The sum of squared errors as one op: as three, it takes a third of the kernel calls of a small network. It equals
 * `sub(a, b).square().sum()`, with which the tests compare it.
 */

import type { Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';
import { shape } from './shape.js';

/** Σ (aᵢ − bᵢ)² · weight; with weight 1/n a mean. The caller checks that the shapes are equal. */
export const squaredError = defineOp<readonly [a: Tensor, b: Tensor], { readonly weight: number }>({
  name: 'squaredError',
  forward: ([a, b], { weight }) => {
    const difference = a.sub(b);
    return difference.mul(difference).sum().mul(weight);
  },
  backward: (grad, { inputs: [a, b], params: { weight } }) => {
    const slope = 2 * weight * grad.item();
    return [() => a.sub(b).mul(slope), () => b.sub(a).mul(slope)];
  },
  samples: [
    { shapes: [shape(2, 3), shape(2, 3)], params: { weight: 1 } },
    { shapes: [[4], [4]], params: { weight: 0.25 } },
  ],
});
