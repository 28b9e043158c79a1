/*
 * x^p: one element at a time in float64, rounded once: the algorithm of src/tensor/math.ts, so that both backends
 * agree. Exponents that training uses (2, ½, −1, 3) never come here: see elementwise/binary.ts.
 */

const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;

/** e^x. */
function exp64(x: f64): f64 {
  if (x != x) return x;
  if (x > 709) return Infinity;
  if (x < -700) return 0;
  const k = nearest(x * 1.4426950408889634);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (0.16666666666666602 + t * (-0.0027777777777015593 +
    t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  return (1 - (low - (r * c) / (2 - c) - high)) * reinterpret<f64>((<i64>k + 1023) << 52);
}

/** ln x; a float32 is never subnormal here. */
function log64(x: f64): f64 {
  if (x != x || x < 0) return NaN;
  if (x == Infinity) return x;
  const bits = reinterpret<i64>(x);
  let k = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k += 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return <f64>k * LN2_HIGH + (f - (half - s * (half + even + odd)) + <f64>k * LN2_LOW);
}

/** x^p as the reference backend has it: NaN where x < 0 and p is no integer. */
export function power(x: f64, p: f64): f64 {
  if (p == 0.5) return sqrt(x);
  if (p == trunc(p) && abs(p) < 2147483648) {
    let result: f64 = 1;
    let base = x;
    for (let n = <i32>abs(p); n > 0; n >>= 1, base *= base) if (n & 1) result *= base;
    return p < 0 ? 1 / result : result;
  }
  if (x == 0 && p == p) return p > 0 ? 0 : Infinity;
  return exp64(p * log64(x));
}
