/*
 * log and log(1 + x) on four lanes: x = 2^k · (1 + f) with 1 + f in [√½, √2), and log(1 + f) by the series in
 * s = f / (2 + f) of FreeBSD's msun e_logf.c and s_log1pf.c.
 */

import { madd } from '../lanes';

const LN2_HIGH: f32 = 0.693138123;
const LN2_LOW: f32 = 9.05800061e-6;
/** Bits of √½, with which an exponent is taken so that the rest lies in [√½, √2). */
const SQRT_HALF: i32 = 0x3f3504f3;

/** log(1 + f) + k·ln2 + c, c a small correction. */
// @ts-ignore: decorator
@inline
function assemble(f: v128, k: v128, c: v128): v128 {
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  let r = madd(f32x4.splat(0.24279078841), z, f32x4.splat(0.28498786688));
  r = madd(r, z, f32x4.splat(0.40000972152));
  r = f32x4.mul(madd(r, z, f32x4.splat(0.66666662693)), z);
  const half = f32x4.mul(f32x4.mul(f, f), f32x4.splat(0.5));
  const low = madd(s, f32x4.add(half, r), madd(k, f32x4.splat(LN2_LOW), c));
  return madd(k, f32x4.splat(LN2_HIGH), f32x4.add(f32x4.sub(low, half), f));
}

/** `y` with the values at the edge of the domain: −∞ where x is 0, NaN below (and at NaN), ∞ at ∞. */
// @ts-ignore: decorator
@inline
function atEdges(y: v128, x: v128): v128 {
  const zero = f32x4.splat(0);
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, zero));
  y = v128.bitselect(y, f32x4.splat(NaN), f32x4.ge(x, zero));
  return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
}

/** Natural logarithm. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  // A subnormal is an integer times 2⁻¹⁴⁹, and converting integers is never slow.
  const scaled = v128.bitselect(f32x4.convert_i32x4_s(x), x, small);
  const k = i32x4.shr_s(i32x4.sub(scaled, i32x4.splat(SQRT_HALF)), 23);
  const f = f32x4.sub(i32x4.sub(scaled, i32x4.shl(k, 23)), f32x4.splat(1));
  const exponent = i32x4.sub(k, v128.and(small, i32x4.splat(149)));
  return atEdges(assemble(f, f32x4.convert_i32x4_s(exponent), f32x4.splat(0)), x);
}

/** log(1 + x), accurate near 0: what the rounding of 1 + x lost is added back as c. */
// @ts-ignore: decorator
@inline
export function log1p4(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.add(x, one);
  const k = i32x4.shr_s(i32x4.sub(u, i32x4.splat(SQRT_HALF)), 23);
  const near = i32x4.eq(k, i32x4.splat(0));
  const lost = v128.bitselect(
    f32x4.sub(one, f32x4.sub(u, x)), f32x4.sub(x, f32x4.sub(u, one)), i32x4.gt_s(k, i32x4.splat(1)));
  const f = v128.bitselect(x, f32x4.sub(i32x4.sub(u, i32x4.shl(k, 23)), one), near);
  const c = v128.andnot(f32x4.div(lost, u), near);
  // The sums above turn −0 into 0.
  return v128.or(atEdges(assemble(f, f32x4.convert_i32x4_s(k), c), u), v128.and(f32x4.eq(x, f32x4.splat(0)), x));
}
