/*
 * Work on long contiguous blocks: the clip's scaling, and what a norm is made of. Nothing overflows or vanishes: where
 * float32 could not hold the squares they are float64, in which the square of a float32 is exact.
 */

import { holdFloat, loadPart, storePart } from './lanes';
import { maxLane } from './reduce';

/** x[i] *= factor. */
export function scaleBlock(x: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(holdFloat(factor));
  for (; n >= 16; n -= 16, x += 64) {
    const v0 = f32x4.mul(v128.load(x), f), v1 = f32x4.mul(v128.load(x, 16), f);
    const v2 = f32x4.mul(v128.load(x, 32), f), v3 = f32x4.mul(v128.load(x, 48), f);
    v128.store(x, v0);
    v128.store(x, v1, 16);
    v128.store(x, v2, 32);
    v128.store(x, v3, 48);
  }
  for (; n >= 4; n -= 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), f));
  if (n > 0) storePart(x, f32x4.mul(loadPart(x, n), f), n);
}

/** The squares of two floats at x, in float64, added to s. */
// @ts-ignore: decorator
@inline
function addSquares(s: v128, x: usize, offset: usize): v128 {
  const v = f64x2.promote_low_f32x4(v128.load64_zero(x + offset));
  return f64x2.add(s, f64x2.mul(v, v));
}

/** Σ x[i]² in float64: 8 running sums, bound by the conversions of every element. */
function sumSquaresExactly(x: usize, n: i32): f64 {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; n >= 8; n -= 8, x += 32) {
    s0 = addSquares(s0, x, 0);
    s1 = addSquares(s1, x, 8);
    s2 = addSquares(s2, x, 16);
    s3 = addSquares(s3, x, 24);
  }
  s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let total = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; n > 0; n--, x += 4) {
    const v = <f64>load<f32>(x);
    total += v * v;
  }
  return total;
}

/** The squares of 16 floats, added by fours. */
// @ts-ignore: decorator
@inline
function squaresByFours(x: usize): v128 {
  const a = v128.load(x), b = v128.load(x, 16), c = v128.load(x, 32), d = v128.load(x, 48);
  const ab = f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
  return f32x4.add(ab, f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d)));
}

/** A square that underflows loses up to 2^-150: of a sum of n squares above n times this, no more than 2^-26. */
const LEAST_SQUARE: f64 = 4.70197740328915e-38;

/** Σ x[i]² to three roundings of float32, 1.8e-7: by fours in float32, and these in float64. */
export function sumSquares(x: usize, n: i32): f64 {
  let s0 = f64x2.splat(0), s1 = s0;
  let from = x, rest = n;
  for (; rest >= 16; rest -= 16, from += 64) {
    const s = squaresByFours(from);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(s));
    s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<f32>(s, s, 2, 3, 2, 3)));
  }
  s0 = f64x2.add(s0, s1);
  const total = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1) + sumSquaresExactly(from, rest);
  return total < Infinity && total >= <f64>n * LEAST_SQUARE ? total : sumSquaresExactly(x, n);
}

/** out[s] = Σ x² over segment s, float64 each; segment s is elements bounds[2s] … bounds[2s + 1] (int32) of x. */
export function sumSquaresSegments(out: usize, x: usize, bounds: usize, segments: i32): void {
  for (; segments > 0; segments--, out += 8, bounds += 8) {
    const from = load<i32>(bounds);
    store<f64>(out, sumSquares(x + (<usize>from << 2), load<i32>(bounds, 4) - from));
  }
}

/** The largest |x[i]|; 0 for none, NaN where any is NaN. */
export function maxAbs(x: usize, n: i32): f32 {
  // Of non-negative floats, the larger has the larger bits; a NaN's are above infinity's.
  const mask = i32x4.splat(0x7fffffff);
  let m0 = i32x4.splat(0), m1 = m0;
  for (; n >= 8; n -= 8, x += 32) {
    m0 = i32x4.max_s(m0, v128.and(v128.load(x), mask));
    m1 = i32x4.max_s(m1, v128.and(v128.load(x, 16), mask));
  }
  let most = maxLane(i32x4.max_s(m0, m1));
  for (; n > 0; n--, x += 4) most = max(most, abs(load<f32>(x)));
  return most;
}
