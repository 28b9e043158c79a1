import { describe, expect, it } from 'vitest';
import { cos, erf, exp, log, log1p, power, sin, tanh } from '../../src/tensor/math.js';
import { fingerprint } from './support.js';

const bits = new DataView(new ArrayBuffer(8));

/** Position of a double among all doubles, so that neighbours differ by 1. */
function ordinal(x: number): bigint {
  bits.setFloat64(0, x);
  const pattern = bits.getBigInt64(0);
  return pattern < 0n ? -(pattern & 0x7fffffffffffffffn) : pattern;
}

/** How many doubles lie between a and b; 0 for NaN and NaN. */
function ulps(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity;
  const distance = ordinal(a) - ordinal(b);
  return Number(distance < 0n ? -distance : distance);
}

type Unary = (x: number) => number;

function worst(ours: Unary, theirs: Unary, points: readonly number[]): number {
  return points.reduce((most, x) => Math.max(most, ulps(ours(x), theirs(x))), 0);
}

const steps = Array.from({ length: 20_001 }, (_, i) => i / 20_000);
const linear = (low: number, high: number) => steps.map((t) => low + (high - low) * t);
const magnitudes = (low: number, high: number) => steps.map((t) => 2 ** (low + (high - low) * t));
const bothSigns = (points: number[]) => points.flatMap((x) => [x, -x]);

const ranges: Record<string, readonly [Unary, Unary, number[]]> = {
  exp: [exp, Math.exp, [...linear(-745.2, 709.8), ...bothSigns(magnitudes(-1074, 6))]],
  log: [log, Math.log, [...magnitudes(-1074, 1023.99), ...linear(0.4, 2.5)]],
  log1p: [log1p, Math.log1p, [...magnitudes(-1074, 1023.99), ...linear(-0.99999, 3)]],
  tanh: [tanh, Math.tanh, [...linear(-23, 23), ...linear(0.2, 0.6), ...bothSigns(magnitudes(-1074, 10))]],
  sin: [sin, Math.sin, [...linear(-50, 50), ...bothSigns(magnitudes(-1074, 1023.99))]],
  cos: [cos, Math.cos, [...linear(-50, 50), ...bothSigns(magnitudes(-1074, 1023.99))]],
};

describe('elementary functions stay within 3 units in the last place of the engine’s', () => {
  it.each(Object.entries(ranges))('%s', (_, [ours, theirs, points]) => {
    expect(worst(ours, theirs, points)).toBeLessThanOrEqual(3);
  });

  it('sin and cos at multiples of π/2, where subtracting cancels', () => {
    const multiples = Array.from({ length: 50_000 }, (_, n) => ((n * 13 + 1) * Math.PI) / 2);
    expect(worst(sin, Math.sin, multiples)).toBeLessThanOrEqual(2);
    expect(worst(cos, Math.cos, multiples)).toBeLessThanOrEqual(2);
  });
});

describe('special values', () => {
  const special = [
    0,
    -0,
    1,
    -1,
    Infinity,
    -Infinity,
    Number.NaN,
    5e-324,
    -5e-324,
    2 ** -1022,
    Number.MAX_VALUE,
  ];
  it.each(Object.entries(ranges))('%s at ±0, ±1, ±∞, NaN, subnormals, the largest', (_, [ours, theirs]) => {
    for (const x of special) {
      const [got, want] = [ours(x), theirs(x)];
      expect(ulps(got, want), `at ${x}: ${got}, ${want}`).toBeLessThanOrEqual(1);
      if (want === 0) expect(Object.is(got, want), `sign of zero at ${x}`).toBe(true);
    }
  });

  it('exp at the ends of the doubles', () => {
    expect(exp(709.782712893384)).toBeCloseTo(1.797693134862273e308, -295);
    expect(exp(709.7827128933841)).toBe(Infinity);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(-745.1332191019412)).toBe(0);
  });
});

describe('erf', () => {
  const known = [
    [1e-300, 1.1283791670955126e-300],
    [1e-10, 1.1283791670955127e-10],
    [0.01, 0.011283415555849618],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [0.75, 0.7111556336535151],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [2.99, 0.9999764743969194],
    [3, 0.9999779095030014],
    [3.01, 0.9999792610363629],
    [4, 0.9999999845827421],
    [5, 0.9999999999984626],
    [5.9, 0.9999999999999999],
    [7, 1],
    [Infinity, 1],
  ] as const;
  it.each(known)('erf(%d) = %d, and odd', (x, value) => {
    expect(ulps(erf(x), value)).toBeLessThanOrEqual(3);
    expect(erf(-x)).toBe(-erf(x));
  });

  it('keeps NaN and the sign of zero', () => {
    expect(erf(Number.NaN)).toBeNaN();
    expect(erf(0)).toBe(0);
    expect(erf(-0)).toBe(-0);
  });
});

describe('power', () => {
  it.each([-30, -3, -1, 0, 1, 2, 3, 10, 65, 100, 0.5, 0.1, 1.7, -2.3])('x^%d', (p) => {
    for (const x of magnitudes(-6, 6).filter((_, i) => i % 20 === 0)) {
      const want = x ** p;
      expect(Math.abs(power(x, p) - want)).toBeLessThanOrEqual(3e-14 * want);
    }
  });

  it('is exact for squares, and keeps the sign of odd integer powers', () => {
    expect(power(3, 2)).toBe(9);
    expect(power(-2, 3)).toBe(-8);
    expect(power(-2, 65)).toBe(-(2 ** 65));
    expect(power(-2, 66)).toBe(2 ** 66);
    expect(power(-2, -1)).toBe(-0.5);
    expect(power(-2, 0.3)).toBeNaN();
  });

  it.each([
    [0, 0, 1],
    [Number.NaN, 0, 1],
    [0, 1.5, 0],
    [0, -1.5, Infinity],
    [0, -1, Infinity],
    [-0, -1, -Infinity],
    [0, Number.NaN, Number.NaN],
    [2, Number.NaN, Number.NaN],
    [Number.NaN, 2, Number.NaN],
    [2, Infinity, Infinity],
    [0.5, Infinity, 0],
    [Infinity, -2, 0],
    [1, 1e300, 1],
  ])('%d ^ %d = %d', (x, p, value) => {
    expect(power(x, p)).toBe(value);
  });
});

const prints: Record<string, readonly [Unary, string]> = {
  exp: [exp, '67bb7f8325220f28'],
  'log |x|': [(x) => log(Math.abs(x)), '106323641e291e01'],
  'log1p x²': [(x) => log1p(x * x), '17a8879570832289'],
  tanh: [tanh, 'd83e777abd007915'],
  erf: [erf, 'e627649aceeab575'],
  sin: [sin, 'a70d8bec73a9dbea'],
  cos: [cos, '54af403840fa05b9'],
  'x^1.7': [(x) => power(Math.abs(x), 1.7), '375440dda1d3d6b6'],
};

describe('gives these bits on every machine and engine', () => {
  it.each(Object.entries(prints))('%s', (_, [f, print]) => {
    expect(fingerprint(Float64Array.from(linear(-20, 20), f))).toBe(print);
  });

  it('sin beyond 10⁶, reduced in integers', () => {
    expect(fingerprint(Float64Array.from(linear(1e6, 1e300), sin))).toBe('3de3d1c3d05b0de9');
  });
});
