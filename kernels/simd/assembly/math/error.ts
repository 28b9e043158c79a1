/*
 * The error function on four lanes: x + x·p(x²) near 0 and 1 − e^(−q(|x|)) beyond, with N. Juffa's coefficients
 * (single-precision minimax fits, published in stackoverflow.com/questions/35148198).
 */

import { madd } from '../lanes';
import { normal4 } from '../tiny';
import { NORMAL_FROM, expFrom } from './exponential';

/** erf x, 0 for a subnormal x. */
// @ts-ignore: decorator
@inline
export function erf4(given: v128): v128 {
  const x = normal4(given);
  const t = f32x4.abs(x);
  const s = f32x4.mul(x, x);
  let p = madd(f32x4.splat(-5.96761703e-4), s, f32x4.splat(4.99119423e-3));
  p = madd(p, s, f32x4.splat(-2.67681349e-2));
  p = madd(p, s, f32x4.splat(1.12819925e-1));
  p = madd(p, s, f32x4.splat(-3.76125336e-1));
  p = madd(p, s, f32x4.splat(1.28379166e-1));
  const near = madd(p, x, x);
  // erf is 1 to the last bit from 4 on; the polynomial is fitted no further.
  const u = f32x4.pmin(t, f32x4.splat(4));
  const v = f32x4.mul(u, u);
  let q = madd(f32x4.splat(-1.72853470e-5), u, f32x4.splat(3.83197126e-4));
  q = madd(q, v, madd(f32x4.splat(-3.88396438e-3), u, f32x4.splat(2.42546219e-2)));
  q = madd(q, u, f32x4.splat(-1.06777877e-1));
  q = madd(q, u, f32x4.splat(-6.34846687e-1));
  q = madd(q, u, f32x4.splat(-1.28717512e-1));
  q = f32x4.sub(madd(q, u, f32x4.splat(0)), u);
  const far = f32x4.sub(f32x4.splat(1), expFrom(NORMAL_FROM, q));
  const y = v128.bitselect(far, near, f32x4.gt(t, f32x4.splat(0.927734375)));
  return v128.or(y, v128.and(given, i32x4.splat(0x80000000)));
}
