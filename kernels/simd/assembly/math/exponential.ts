/*
 * exp, tanh and sigmoid on four lanes. One reduction serves all three: x = n·ln2 + r with |r| ≤ ln2/2, and
 * e^r = 1 + r + r²·q(r), q fitted at Chebyshev nodes (relative error of e^r 1e-8). Errors are listed in load.ts.
 */

import { madd, nmadd } from '../lanes';
import { normalSize4 } from '../tiny';

const LOG2E: f32 = 1.44269502;
/** ln2 in two parts; the first has 9 significant bits, so that n times it is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** 1.5 · 2²³: adding it rounds to an integer, which then stands in the lowest bits. */
const ROUNDER: f32 = 12582912;

/** The rounded x · log₂e with ROUNDER added: its low bits are n. */
// @ts-ignore: decorator
@inline
function shifted(x: v128): v128 {
  return madd(x, f32x4.splat(LOG2E), f32x4.splat(ROUNDER));
}

/** r = x − n·ln2. */
// @ts-ignore: decorator
@inline
function rest(x: v128, n: v128): v128 {
  return madd(n, f32x4.splat(-LN2_LOW), madd(n, f32x4.splat(-LN2_HIGH), x));
}

/** e^r − 1 for |r| ≤ ln2/2, with a small relative error near 0. Pairs of terms shorten the chain of dependent steps. */
// @ts-ignore: decorator
@inline
function expMinus1(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const low = madd(f32x4.splat(0.1666657626), r, f32x4.splat(0.5));
  const high = madd(f32x4.splat(0.0083632031), r, f32x4.splat(0.0416665561));
  return madd(square, madd(square, madd(square, f32x4.splat(0.0013926213), high), low), r);
}

/** The smallest x whose e^x is no less than the smallest normal number, and than what is carried (../tiny). */
export const NORMAL_FROM: f32 = -87.3365;
export const CARRIED_FROM: f32 = -70.7;

/** 2⁻⁵⁰: added to x or taken from it, it changes no e^x, and no term of the polynomial for a smaller x is subnormal. */
export const NUDGE: f32 = 8.881784197001252e-16;

/** e^x, 0 below the x given. The power of two is applied in two factors, so that it overflows where e^x does. */
// @ts-ignore: decorator
@inline
export function expFrom(least: f32, x: v128): v128 {
  // pmin(a, b) is b < a ? b : a, so a NaN in x stays.
  const z = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(least));
  const t = shifted(z);
  const p = f32x4.add(expMinus1(rest(z, f32x4.sub(t, f32x4.splat(ROUNDER)))), f32x4.splat(1));
  const n = i32x4.sub(t, i32x4.splat(0x4b400000));
  const half = i32x4.shr_s(n, 1);
  const one = i32x4.splat(0x3f800000);
  const s1 = i32x4.add(i32x4.shl(half, 23), one);
  const s2 = i32x4.add(i32x4.shl(i32x4.sub(n, half), 23), one);
  return v128.andnot(f32x4.mul(f32x4.mul(p, s1), s2), f32x4.lt(x, f32x4.splat(least)));
}

/** tanh |x| = (1 − E) / (1 + E) with E = e^(−2|x|) = s + s·p, so that each side is rounded once; 0 for a subnormal x. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  // 1 − tanh 9.25 is less than half a unit in the last place.
  const z = f32x4.pmax(f32x4.mul(normalSize4(f32x4.abs(x)), f32x4.splat(-2)), f32x4.splat(-18.5));
  const t = shifted(z);
  const p = expMinus1(rest(z, f32x4.sub(t, f32x4.splat(ROUNDER))));
  const s = i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000));
  const one = f32x4.splat(1);
  const y = f32x4.div(nmadd(p, s, f32x4.sub(one, s)), madd(p, s, f32x4.add(one, s)));
  return v128.or(y, v128.and(x, i32x4.splat(0x80000000)));
}

/** 1 / (1 + e^−x), as e^x / (1 + e^x) below 0, where it would lose its digits. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const e = expFrom(NORMAL_FROM, f32x4.sub(f32x4.splat(NUDGE), f32x4.abs(x)));
  const one = f32x4.splat(1);
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(e, one));
}
