/**
 * exp, log, tanh, sin, cos and their kin from +, −, ×, ÷ and bit patterns alone. An engine's `Math` functions may
 * differ from another's in the last bit, which a diverging recurrent network turns into different runs; these
 * give the same bits everywhere. Accurate to a few units in the last place of a float64.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const MIN_NORMAL = 2 ** -1022;

const bits = new DataView(new ArrayBuffer(8));

/** y · 2^k, rounded once; k may reach into the subnormals. */
function scaleByPowerOfTwo(y: number, k: number): number {
  if (k > 1023) return y * 2 ** 1023 * powerOfTwo(k - 1023);
  if (k < -1022) return y * powerOfTwo(k + 54) * 2 ** -54;
  return y * powerOfTwo(k);
}

/** 2^k for −1022 ≤ k ≤ 1023, from the bit pattern. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** e^x. Reduction to |r| ≤ ln2/2 and the rational approximation of FreeBSD's msun e_exp.c. */
export function exp(x: number): number {
  if (x !== x) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  const k = Math.round(x * Math.LOG2E);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  return scaleByPowerOfTwo(1 - (low - (r * c) / (2 - c) - high), k);
}

/** Natural logarithm; NaN below 0, −∞ at 0. log m + k·ln2 with m in [√½, √2), atanh series of s = (m−1)/(m+1). */
export function log(x: number): number {
  if (x !== x || x < 0) return NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  let k = 0;
  let scaled = x;
  if (x < MIN_NORMAL) {
    scaled = x * 2 ** 54;
    k = -54;
  }
  bits.setFloat64(0, scaled);
  const high = bits.getUint32(0);
  k += (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  return k * LN2_HIGH + (logOnePlus(m - 1) + k * LN2_LOW);
}

/** log(1 + f) for 1 + f in [√½, √2]: FreeBSD's msun e_log.c. */
function logOnePlus(f: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return f - (half - s * (half + even + odd));
}

/** log(1 + x), accurate for small x (Kahan's correction of the rounded 1 + x). */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1) return x;
  if (u === Infinity) return u;
  return log(u) * (x / (u - 1));
}

/** Hyperbolic tangent: Lambert's continued fraction near 0, where 1 − 2/(e^2x + 1) would cancel. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size > 22) return x > 0 ? 1 : -1;
  if (size < 0.35) {
    const t = x * x;
    return x / (1 + t / (3 + t / (5 + t / (7 + t / (9 + t / (11 + t / (13 + t / 15)))))));
  }
  const y = 1 - 2 / (exp(2 * size) + 1);
  return x > 0 ? y : -y;
}

/** Error function: all-positive series below 2, continued fraction of erfc above. DLMF 7.6.2, 7.9.1. */
export function erf(x: number): number {
  if (x !== x || x === 0) return x;
  const size = Math.abs(x);
  if (size > 6) return x > 0 ? 1 : -1;
  const square = size * size;
  let y: number;
  if (size < 2) {
    let sum = 1;
    for (let n = 40; n >= 1; n--) sum = 1 + (sum * 2 * square) / (2 * n + 1);
    y = 1.1283791670955126 * sum * size * exp(-square);
  } else {
    let tail = size;
    for (let n = 60; n >= 1; n--) tail = size + n / 2 / tail;
    y = 1 - (exp(-square) / tail) * 0.5641895835477563;
  }
  return x < 0 ? -y : y;
}

const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;

/** sin on |x| ≤ π/4: FreeBSD's msun k_sin.c. */
function sinKernel(x: number): number {
  const z = x * x;
  const tail =
    0.00833333333332249 +
    z *
      (-0.0001984126982985795 +
        z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)));
  return x + z * x * (-0.16666666666666632 + z * tail);
}

/** cos on |x| ≤ π/4: FreeBSD's msun k_cos.c. */
function cosKernel(x: number): number {
  const z = x * x;
  const tail =
    -0.001388888888887411 +
    z *
      (2.480158728947673e-5 +
        z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 - z * 1.1359647557788195e-11)));
  return 1 - (0.5 * z - z * z * (0.0416666666666666 + z * tail));
}

const HALF_PI_BITS = 1200;
let halfPiScaled = 0n;

/** π/2 · 2^HALF_PI_BITS by Machin's formula π/4 = 4·atan(1/5) − atan(1/239), once. */
function halfPi(): bigint {
  const atanOfInverse = (n: bigint): bigint => {
    let sum = 0n;
    let term = (1n << BigInt(HALF_PI_BITS + 32)) / n;
    for (let k = 1n; term !== 0n; k += 2n, term /= -(n * n)) sum += term / k;
    return sum;
  };
  halfPiScaled ||= (8n * atanOfInverse(5n) - 2n * atanOfInverse(239n)) >> 32n;
  return halfPiScaled;
}

/** x − n·π/2 and n mod 4 for any finite x, in integers: exact where the fast reduction is not. */
function reduceHuge(x: number): [remainder: number, quarter: number] {
  bits.setFloat64(0, Math.abs(x));
  const exponent = (bits.getUint32(0) >>> 20) - 1075;
  const mantissa = (bits.getBigUint64(0) & 0xfffffffffffffn) | 0x10000000000000n;
  const scaled = mantissa << BigInt(exponent + HALF_PI_BITS);
  const n = (scaled + halfPi() / 2n) / halfPi();
  // 2^1000 units of the remainder, rounded once by Number, divided by a power of two.
  const remainder = Number((scaled - n * halfPi()) >> BigInt(HALF_PI_BITS - 1000)) / 2 ** 1000;
  const quarter = Number(n & 3n);
  return x > 0 ? [remainder, quarter] : [-remainder, (4 - quarter) % 4];
}

/** sin (shift 0) or cos (shift 1) after subtracting the nearest multiple of π/2, in three parts up to 10⁶. */
function circular(x: number, shift: number): number {
  if (!Number.isFinite(x)) return NaN;
  let n = Math.round(x * 0.6366197723675814);
  let r = x - n * HALF_PI_1 - n * HALF_PI_2 - n * HALF_PI_3;
  if (Math.abs(x) > 1e6) [r, n] = reduceHuge(x);
  switch ((((n + shift) % 4) + 4) % 4) {
    case 0:
      return sinKernel(r);
    case 1:
      return cosKernel(r);
    case 2:
      return -sinKernel(r);
    default:
      return -cosKernel(r);
  }
}

/** Sine of x radians. */
export function sin(x: number): number {
  return x === 0 ? x : circular(x, 0);
}

/** Cosine of x radians. */
export function cos(x: number): number {
  return circular(x, 1);
}

/** x^p: √ at p = ½, repeated squaring where p is an integer below 2³¹, else e^(p·log x) (NaN for x < 0). */
export function power(x: number, p: number): number {
  if (p === 0.5) return Math.sqrt(x);
  if (Number.isInteger(p) && Math.abs(p) < 2 ** 31) {
    let result = 1;
    for (let n = Math.abs(p), base = x; n > 0; n >>= 1, base *= base) if (n & 1) result *= base;
    return p < 0 ? 1 / result : result;
  }
  if (x === 0 && p === p) return p > 0 ? 0 : Infinity;
  return exp(p * log(x));
}
