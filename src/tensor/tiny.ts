/**
 * Numbers too small to go on with: the rule of kernels/simd/assembly/tiny.ts for whatever computes without those kernels.
 * A float32 below 2⁻¹²⁶ is subnormal: it has lost digits, and on some processors every multiplication that reads or makes
 * one takes ten times as long.
 *
 * - What is handed from one step to the next, and what is made to be multiplied at once, is 0 below `carriedFrom`: the
 *   recurrences backward, derivatives of saturating functions, momentum and first moments, softmax. A product with any
 *   factor of 2⁻²⁴ or more is then normal.
 * - What else is made is 0 below `normalFrom`: e^x, σ(x), erf x, tanh x, and second moments. A gradient whose share of its
 *   second moment would be below it counts as 0 (`squaredFrom`): a first moment alone would be divided by an eps alone.
 *
 * Plain arithmetic, matrix products, norms and the clip's scaling keep subnormals: they compute with what is given. In
 * float64 nothing is flushed.
 */

import { Tensor } from './tensor.js';
import type { FloatArray } from './view.js';

/** The smallest number that is carried on in an array of this kind: 2⁻¹⁰² in float32. */
export const carriedFrom = (array: FloatArray): number => (array instanceof Float32Array ? 2 ** -102 : 0);

/** The smallest number that is made: the smallest normal one in float32. */
export const normalFrom = (array: FloatArray): number => (array instanceof Float32Array ? 2 ** -126 : 0);

/** The smallest gradient whose square, times `share`, is not below `normalFrom`. */
export const squaredFrom = (array: FloatArray, share: number): number => Math.sqrt(normalFrom(array) / share);

/** x where |x| is at least `least`, else 0. NaN stays. */
export const atLeast = (least: number, x: number): number => (x < least && x > -least ? 0 : x);

/** A copy of x that may be carried on. */
export function carried(x: Tensor): Tensor {
  const out = Tensor.empty(x.shape, x.dtype, x.backend);
  const { data, offset } = out.view();
  const numbers = x.data();
  const least = carriedFrom(data);
  for (let i = 0; i < numbers.length; i++) data[offset + i] = atLeast(least, numbers[i]);
  return out;
}
