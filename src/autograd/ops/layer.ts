/**
 * Ops that are whole layers: what would take several ops in one, because benchmarks asked for it. Each equals its
 * composition from the other ops, which the tests compare it with.
 */

import {
  type ActivationName,
  affineOf,
  fullLike,
  recurrentGrads,
  recurrentStates,
  stepOf,
  type Tensor,
} from '../../tensor/index.js';
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

/** What a recurrence applies, and where to leave ∂L/∂h_t for whoever watches. */
export interface RecurrentParams {
  readonly activation: ActivationName;
  /** Called in backward with ∂L/∂h of all steps, [T, B, H]. */
  readonly onStateGrads?: (grads: Tensor) => void;
}

/**
 * All states of h_t = f(pre_t + h_{t−1} · weightᵀ): pre [T, B, H], weight [H, H], h0 [B, H] → [T, B, H]; equals the
 * unrolled cells. The gradient of the weight is one product over all T · B rows.
 */
export const recurrence = defineOp<readonly [pre: Tensor, weight: Tensor, h0: Tensor], RecurrentParams>({
  name: 'recurrence',
  forward: ([pre, weight, h0], { activation }) => recurrentStates(activation, pre, weight, h0),
  backward: (grad, { inputs: [, weight, h0], output, params: { activation, onStateGrads } }) => {
    const { dh, dpre } = recurrentGrads(activation, grad, output, weight);
    onStateGrads?.(dh);
    const [steps, , hidden] = output.shape;
    const first = dpre.slice([[0, 1]]).reshape(h0.shape);
    return [
      () => dpre,
      () => {
        const later = dpre.slice([[1, steps]]).reshape([-1, hidden]);
        const earlier = output.slice([[0, steps - 1]]).reshape([-1, hidden]);
        return first.T.matmul(h0).add(later.T.matmul(earlier));
      },
      () => first.matmul(weight),
    ];
  },
  samples: [
    {
      shapes: [
        [4, 2, 3],
        [3, 3],
        [2, 3],
      ],
      params: { activation: 'tanh' },
      range: [-0.9, 0.9],
    },
    {
      shapes: [
        [3, 1, 2],
        [2, 2],
        [1, 2],
      ],
      params: { activation: 'relu' },
      range: [-0.9, 0.9],
    },
    {
      shapes: [
        [1, 2, 2],
        [2, 2],
        [2, 2],
      ],
      params: { activation: 'identity' },
    },
  ],
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
