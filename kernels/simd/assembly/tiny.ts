/*
 * Numbers too small to go on with. A float32 below 2⁻¹²⁶ is subnormal: it has lost digits, and on some processors every
 * multiplication that reads or makes one takes ten times as long. WebAssembly cannot flush them as a whole, so that
 * kernels do it by this rule (its twin is src/tensor/tiny.ts):
 *
 * - What a kernel hands to its own next step, and what it makes to be multiplied at once, is 0 below CARRIED: the
 *   recurrences backward, derivatives of saturating functions, momentum and first moments, softmax. A product with any
 *   factor of 2⁻²⁴ or more is then normal.
 * - What else a kernel makes is 0 below NORMAL: e^x, σ(x), erf x, tanh x, and second moments, whose root stands beside an
 *   eps that must stay the larger one. A gradient whose share of its second moment would be subnormal counts as 0.
 *
 * Plain arithmetic, products of matrices, norms and the clip's scaling keep subnormals: they compute with what is given.
 * Comparisons are of integers, which are not slow for subnormals; infinities and NaN stay. What is flushed becomes +0.
 */

/** Bits of 2⁻¹⁰², 2.0e-31. */
export const CARRIED: i32 = 0x0c800000;
/** Bits of 2⁻¹²⁶, 1.2e-38, the smallest normal number. */
export const NORMAL: i32 = 0x00800000;
export const SMALLEST_NORMAL: f32 = 1.1754943508222875e-38;

/** x where |x| is at least the number with these bits, else 0. */
// @ts-ignore: decorator
@inline
export function atLeast(bits: i32, x: v128): v128 {
  return v128.and(x, i32x4.gt_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(bits - 1)));
}

/** What a kernel may carry from step to step: x, or 0 below 2⁻¹⁰². */
// @ts-ignore: decorator
@inline
export function carried4(x: v128): v128 {
  return atLeast(CARRIED, x);
}

/** x, or 0 where x is subnormal. */
// @ts-ignore: decorator
@inline
export function normal4(x: v128): v128 {
  return atLeast(NORMAL, x);
}

/** The same for x ≥ 0. */
// @ts-ignore: decorator
@inline
export function normalSize4(x: v128): v128 {
  return v128.and(x, i32x4.gt_s(x, i32x4.splat(NORMAL - 1)));
}
