/**
 * Emulated float16, for what a network would compute in half precision. It is not among the ops that the tests check by
 * differences: rounding is a step function, and what flows back here is not its derivative.
 */

import { f16round } from '@petamoriken/float16';
import type { Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';

/**
 * Rounds every element to the nearest float16 (11 bits, 6e-8 to 65,504, ∞ beyond), and on the way back the gradient: what
 * is below 3e-8 in magnitude becomes 0, which a loss scale prevents. The derivative is otherwise that of the identity.
 */
export const toHalf = defineOp<readonly [x: Tensor]>({
  name: 'toHalf',
  forward: ([x]) => rounded(x),
  backward: (grad) => [() => rounded(grad)],
  samples: [{ shapes: [[2, 3]] }],
});

function rounded(x: Tensor): Tensor {
  const out = x.copy();
  const { data, offset } = out.view();
  for (let i = offset; i < offset + out.size; i++) data[i] = f16round(data[i]);
  return out;
}
