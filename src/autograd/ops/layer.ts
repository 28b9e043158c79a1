/**
 * Ops that are whole layers: what would take several ops in one, because benchmarks asked for it. Each equals its
 * composition from the other ops, which the tests compare it with.
 */

import { affineOf, fullLike, stepOf, type Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';

/** x · weightᵀ + bias: [n, in] × [out, in] + [out] → [n, out]; equals `matmul(x, weight.transpose()).add(bias)`. */
export const affine = defineOp<readonly [x: Tensor, weight: Tensor, bias: Tensor]>({
  name: 'affine',
  forward: ([x, weight, bias]) => affineOf(x, weight, bias),
  backward: (grad, { inputs: [x, weight] }) => [
    () => grad.matmul(weight),
    () => grad.T.matmul(x),
    () => grad.sum({ axis: 0 }),
  ],
  samples: [{ shapes: [[4, 3], [2, 3], [2]] }, { shapes: [[1, 2], [3, 2], [3]] }],
});

/** Step t of a sequence [T, …] → […], or from the end for a negative t. */
export const takeStep = defineOp<readonly [sequence: Tensor], number>({
  name: 'takeStep',
  forward: ([sequence], t) => stepOf(sequence, t),
  backward: (grad, { inputs: [sequence], params: t }) => [
    () => {
      const whole = fullLike(sequence, 0);
      stepOf(whole, t).addInPlace(grad);
      return whole;
    },
  ],
  samples: [
    { shapes: [[4, 2, 3]], params: -1 },
    { shapes: [[3, 2]], params: 1 },
  ],
});
