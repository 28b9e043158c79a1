/** Binary cross-entropy as one op, so that a loss which is not finite has a gradient which is not finite. */

import type { Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';

/**
 * p · y · softplus(−x) + (1 − y) · softplus(x), element by element: logits x, targets y, weight p of the positive
 * class. It neither overflows nor cancels. Where x is infinite the gradient is NaN: the loss there is ∞ or NaN, and its derivative
 * would be a harmless-looking 0 or 1.
 */
export const binaryCrossEntropy = defineOp<readonly [x: Tensor, y: Tensor, p: Tensor]>({
  name: 'binaryCrossEntropy',
  forward: ([x, y, p]) =>
    softplus(x.neg())
      .mul(y)
      .mul(p)
      .add(complement(y).mul(softplus(x))),
  backward: (grad, { inputs: [x, y, p] }) => [
    () => {
      const ifFalse = complement(y).mul(x.sigmoid());
      const ifTrue = x.neg().sigmoid().mul(y).mul(p);
      return grad.mul(ifFalse.sub(ifTrue).add(x.mul(0)));
    },
    () => grad.mul(softplus(x.neg()).mul(p).sub(softplus(x))),
    () => grad.mul(softplus(x.neg()).mul(y)),
  ],
  samples: [{ shapes: [[2, 3], [2, 3], []] }, { shapes: [[4], [4], [4]], range: [-6, 6] }],
});

function softplus(x: Tensor): Tensor {
  return x.relu().add(x.abs().neg().exp().log1p());
}

function complement(y: Tensor): Tensor {
  return y.neg().add(1);
}
