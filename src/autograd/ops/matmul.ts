/** The matrix product. */

import type { Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';
import { shape } from './shape.js';

/**
 * Matrix product over the last two axes, `[…, n, k] × […, k, m] → […, n, m]`; leading axes broadcast. Transposed
 * operands (`w.transpose()`) cost no copy. Throws ShapeError unless the inner dimensions agree.
 */
export const matmul = defineOp<readonly [a: Tensor, b: Tensor]>({
  name: 'matmul',
  forward: ([a, b]) => a.matmul(b),
  backward: (grad, { inputs: [a, b] }) => [() => grad.matmul(b.T), () => a.T.matmul(grad)],
  samples: [
    { shapes: [shape(2, 3), shape(3, 4)] },
    { shapes: [shape(2, 2, 3), shape(2, 3, 2)] },
    { shapes: [shape(2, 2, 3), shape(3, 2)] },
    { shapes: [shape(1, 2, 3), shape(3, 3, 2)] },
  ],
});
