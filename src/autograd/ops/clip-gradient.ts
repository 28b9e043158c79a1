/**
 * Clipping inside backpropagation: an identity that bounds the gradient flowing back through one point of the graph.
 * An op, and not a gradient hook, because hooks see gradients only once they are whole.
 */

import { kindOf } from '../../tensor/arguments.js';
import type { Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';

/** How far a gradient may go: each element to ±limit, or the 2-norm of all together to `norm`. */
export type GradientLimit = number | { readonly norm: number };

/** Throws unless a limit, of either kind, is a number ≥ 0; Infinity does not bound. */
export function checkGradientLimit(caller: string, limit: GradientLimit): void {
  const bound = typeof limit === 'object' ? limit?.norm : limit;
  if (typeof bound === 'number' && bound >= 0) return;
  throw new Error(
    `${caller}: the limit must be a number ≥ 0, or { norm } of one, got ${typeof bound === 'number' ? bound : kindOf(limit)}`,
  );
}

/** The gradient, scaled to the length `norm` if it is longer; divided by its largest element first, so that no square overflows. */
function clippedToNorm(grad: Tensor, norm: number): Tensor {
  if (grad.size === 0) return grad;
  const largest = grad.abs().max().item();
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return grad;
  const unit = grad.div(largest);
  const length = Math.sqrt(unit.mul(unit).sum().item());
  return largest * length <= norm ? grad : unit.mul(norm / length);
}

/**
 * x itself; the gradient that flows back through it is clipped, element by element (`limit`: Graves 2013, "Generating
 * sequences with recurrent neural networks") or by its norm (`{ norm }`). Below the limit not one bit changes, and NaN
 * passes. What comes out is no longer the gradient of the loss: once it clips, gradcheck rightly fails.
 */
export const clipGradientAt = defineOp<readonly [x: Tensor], GradientLimit>({
  name: 'clipGradientAt',
  forward: ([x], limit) => {
    checkGradientLimit('clipGradientAt', limit);
    return x;
  },
  backward: (grad, { params: limit }) => [
    () =>
      typeof limit === 'object'
        ? clippedToNorm(grad, limit.norm)
        : grad.binary('max', -limit).binary('min', limit),
  ],
  samples: [
    { shapes: [[2, 3]], params: 1e6 },
    { shapes: [[4]], params: { norm: 1e6 } },
    { shapes: [[]], params: { norm: Number.POSITIVE_INFINITY } },
  ],
});
