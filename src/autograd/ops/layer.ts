/**
 * Ops that are whole layers: what would take several ops in one, because benchmarks asked for it. Each equals its
 * composition from the other ops, which the tests compare it with.
 */

import { affineOf } from '../../tensor/fused.js';
import type { Tensor } from '../../tensor/index.js';
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
