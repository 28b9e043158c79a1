/*
 * sin and cos, two lanes at a time in float64: after a three-part reduction by π/2 and the polynomials of FreeBSD's
 * msun (as in src/tensor/math.ts) one rounding to float32 remains. Beyond |x| = 10⁶ the argument is first
 * reduced in integers (reduceHuge), one lane after the other.
 */

const HALF_PI_1: f64 = 1.5707963267341256;
const HALF_PI_2: f64 = 6.077100506303966e-11;
const HALF_PI_3: f64 = 2.0222662487959506e-21;

/** c₀ + z·(c₁ + z·(c₂ + z·c₃)). */
// @ts-ignore: decorator
@inline
function cubic(z: v128, c0: f64, c1: f64, c2: f64, c3: f64): v128 {
  let y = f64x2.add(f64x2.mul(f64x2.splat(c3), z), f64x2.splat(c2));
  y = f64x2.add(f64x2.mul(y, z), f64x2.splat(c1));
  return f64x2.add(f64x2.mul(y, z), f64x2.splat(c0));
}

/** The 32 bits of 2/π that follow bit 8·i; the first 24 bits are zeros, written out. */
function twoOverPi(i: u32): u64 {
  const word = i >> 3;
  const shift: u64 = (i & 7) << 3;
  const high: u64 = word == 0 ? 0x000000a2f9836e4e : word == 1 ? 0x441529fc2757d1f5 : 0x34ddc0db6295993c;
  const low: u64 = word == 0 ? 0x441529fc2757d1f5 : word == 1 ? 0x34ddc0db6295993c : 0x439041fe5163abde;
  return (shift == 0 ? high : (high << shift) | (low >> (64 - shift))) >> 32;
}

/**
 * x less a multiple of 2π, in [−5π/4, 5π/4], for finite |x| ≥ 2: Payne & Hanek's product of the mantissa with the
 * bits of 2/π that matter, as in Arm's optimized-routines sincosf.
 */
function reduceHuge(x: f32): f64 {
  const bits = reinterpret<u32>(x);
  const i = (bits >> 26) & 15;
  const m: u64 = <u64>((bits & 0x7fffff) | 0x800000) << <u64>((bits >> 23) & 7);
  let product = ((m * twoOverPi(i)) << 32) + ((m * twoOverPi(i + 8)) >> 32) + m * twoOverPi(i + 4);
  const n = (product + (<u64>1 << 61)) >> 62;
  product -= n << 62;
  const angle = <f64><i64>product * 3.406121580086554e-19 + <f64><i64>n * 1.5707963267948966;
  return x < 0 ? -angle : angle;
}

/** The two lanes, in float64, of an x with a lane beyond 10⁶; infinities become NaN. */
function reduced2(x: v128): v128 {
  const a = <f32>f64x2.extract_lane(x, 0), b = <f32>f64x2.extract_lane(x, 1);
  if (abs(a) > 1e6) x = f64x2.replace_lane(x, 0, abs(a) < Infinity ? reduceHuge(a) : NaN);
  if (abs(b) > 1e6) x = f64x2.replace_lane(x, 1, abs(b) < Infinity ? reduceHuge(b) : NaN);
  return x;
}

/** sin (shift 0) or cos (shift 1) of the two lanes of x. */
function circular2(x: v128, shift: i64): v128 {
  if (v128.any_true(f64x2.gt(f64x2.abs(x), f64x2.splat(1e6)))) x = reduced2(x);
  const n = f64x2.nearest(f64x2.mul(x, f64x2.splat(0.6366197723675814)));
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(HALF_PI_1)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(HALF_PI_2)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(HALF_PI_3)));
  const z = f64x2.mul(r, r);
  const one = f64x2.splat(1);
  const sine = f64x2.add(r, f64x2.mul(f64x2.mul(r, z),
    f64x2.add(f64x2.splat(-0.16666666666666632), f64x2.mul(z,
      cubic(z, 0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6, -2.5050760253406863e-8)))));
  const cosine = f64x2.add(f64x2.sub(one, f64x2.mul(z, f64x2.splat(0.5))), f64x2.mul(f64x2.mul(z, z),
    f64x2.add(f64x2.splat(0.0416666666666666), f64x2.mul(z,
      cubic(z, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7, 2.087572321298175e-9)))));
  // 1.5 · 2⁵² + n has n in its low bits: bit 0 chooses the function, bit 1 the sign.
  const bits = i64x2.add(f64x2.add(n, f64x2.splat(6755399441055744)), i64x2.splat(shift));
  const odd = i64x2.sub(i64x2.splat(0), v128.and(bits, i64x2.splat(1)));
  return v128.xor(v128.bitselect(cosine, sine, odd), i64x2.shl(v128.and(bits, i64x2.splat(2)), 62));
}

/** sin (shift 0) or cos (shift 1) of four lanes. */
// @ts-ignore: decorator
@inline
function circular4(x: v128, shift: i64): v128 {
  const low = f32x4.demote_f64x2_zero(circular2(f64x2.promote_low_f32x4(x), shift));
  const high = f32x4.demote_f64x2_zero(
    circular2(f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)), shift));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}

/** Sine of x radians. */
// @ts-ignore: decorator
@inline
export function sin4(x: v128): v128 {
  // The reduction turns −0 into 0.
  return v128.or(circular4(x, 0), v128.and(f32x4.eq(x, f32x4.splat(0)), x));
}

/** Cosine of x radians. */
// @ts-ignore: decorator
@inline
export function cos4(x: v128): v128 {
  return circular4(x, 1);
}
