/*
 * The activations that matmul and the recurrent kernels apply where their result lies in cache, and their derivatives
 * in terms of the output.
 */

import { runRelu, runSigmoid, runTanh } from '../elementwise/unary';
import { loadPart, storePart } from '../lanes';
import { carried4 } from '../tiny';

export namespace Activation {
  export const identity = 0;
  export const relu = 1;
  export const tanh = 2;
  export const sigmoid = 3;
}

/** y[i] = f(y[i]) over rows × n, `row` bytes apart. */
export function activateRows(activation: i32, y: usize, row: usize, rows: i32, n: i32): void {
  if (activation == Activation.identity) return;
  if (row == <usize>n << 2) {
    n *= rows;
    rows = 1;
  }
  for (; rows > 0; rows--, y += row) {
    if (activation == Activation.tanh) runTanh(y, y, n);
    else if (activation == Activation.relu) runRelu(y, y, n);
    else runSigmoid(y, y, n);
  }
}

/** dy · f′ where y = f(x); what a saturated tanh or sigmoid makes of dy is 0 below what is carried (../tiny). */
// @ts-ignore: decorator
@inline
export function derive(activation: i32, dy: v128, y: v128): v128 {
  const one = f32x4.splat(1);
  if (activation == Activation.tanh) return carried4(f32x4.mul(dy, f32x4.sub(one, f32x4.mul(y, y))));
  if (activation == Activation.relu) return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
  return carried4(f32x4.mul(dy, f32x4.mul(y, f32x4.sub(one, y))));
}

/** The loop for one activation: pairs of vectors, read before they are written (see NOTES.md on 256 bits). */
// @ts-ignore: decorator
@inline
function run(activation: i32, out: usize, dy: usize, y: usize, n: i32): void {
  for (; n >= 8; n -= 8, dy += 32, y += 32, out += 32) {
    const d0 = derive(activation, v128.load(dy), v128.load(y));
    const d1 = derive(activation, v128.load(dy, 16), v128.load(y, 16));
    v128.store(out, d0);
    v128.store(out, d1, 16);
  }
  for (; n >= 4; n -= 4, dy += 16, y += 16, out += 16) {
    v128.store(out, derive(activation, v128.load(dy), v128.load(y)));
  }
  if (n > 0) storePart(out, derive(activation, loadPart(dy, n), loadPart(y, n)), n);
}

/** out[i] = dy[i] · f′(x[i]), y[i] = f(x[i]); `out` may be `dy`. relu′(0) = 0, and 1 at NaN, as in PyTorch: it must not hide one. */
export function activationBackward(activation: i32, out: usize, dy: usize, y: usize, n: i32): void {
  if (activation == Activation.tanh) run(Activation.tanh, out, dy, y, n);
  else if (activation == Activation.relu) run(Activation.relu, out, dy, y, n);
  else if (activation == Activation.sigmoid) run(Activation.sigmoid, out, dy, y, n);
  else if (out != dy) memory.copy(out, dy, <usize>n << 2);
}
