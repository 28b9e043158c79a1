/**
 * What the recurrent ops share on their way back: once the gradients of all steps are known, each weight's gradient is
 * one product over all T · B rows.
 */

import { stepOf } from '../../tensor/fused.js';
import type { Tensor } from '../../tensor/index.js';
import type { Rules } from '../op.js';

/** The rules of x [T, B, I], weightIh [G, I] and bias [G] in x_t · weightIhᵀ + bias, whose gradient is `dpre` [T, B, G]. */
export function inputRules(
  dpre: Tensor,
  x: Tensor,
  weightIh: Tensor,
): Rules<[x: Tensor, weightIh: Tensor, bias: Tensor]> {
  const rows = dpre.reshape([-1, dpre.shape[2]]);
  return [
    () => rows.matmul(weightIh).reshape(x.shape),
    () => rows.T.matmul(x.reshape([-1, x.shape[2]])),
    () => rows.sum({ axis: 0 }),
  ];
}

/** The gradient of weightHh [G, H] in h_{t−1} · weightHhᵀ, whose gradient is `dpre` [T, B, G]. */
export function recurrentWeightGrad(dpre: Tensor, states: Tensor, h0: Tensor): Tensor {
  const [steps, , width] = dpre.shape;
  const later = dpre.slice([[1, steps]]).reshape([-1, width]);
  const earlier = states.slice([[0, steps - 1]]).reshape([-1, h0.shape[1]]);
  return stepOf(dpre, 0).T.matmul(h0).add(later.T.matmul(earlier));
}
