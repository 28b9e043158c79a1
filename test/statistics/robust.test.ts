import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.js';
import { median, quantile } from '../../src/statistics/quantile.js';
import { normalTail, runningMedian, trendOf } from '../../src/statistics/robust.js';

describe('quantile', () => {
  it('is NumPy’s', () => {
    // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [0, 10, 50, 75, 90, 100])
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const expected = [1, 1, 3.5, 5.25, 6.9, 9];
    for (const [i, q] of [0, 0.1, 0.5, 0.75, 0.9, 1].entries())
      expect(quantile(values, q)).toBeCloseTo(expected[i], 12);
  });

  it('leaves NaN out, keeps infinities, and is NaN of nothing', () => {
    expect(quantile([Number.NaN, 2, Number.NaN, 4], 0.5)).toBe(3);
    expect(quantile([1, Infinity, Infinity], 0.75)).toBe(Infinity);
    expect(quantile([1, 2, Infinity], 0.5)).toBe(2);
    expect(median([])).toBeNaN();
  });
});

it('runningMedian is the median of each window, NaN left out', () => {
  const number = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(Number.NaN, Infinity));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 40 }), fc.integer({ min: 0, max: 5 }), (values, half) => {
      const expected = values.map((_, i) => median(values.slice(Math.max(0, i - half), i + half + 1)));
      expect([...runningMedian(values, 2 * half + 1)]).toEqual(expected);
    }),
  );
});

it('runningMedian takes a million values in its stride', () => {
  const values = Float64Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 1009);
  expect(runningMedian(values, 31)).toHaveLength(1_000_000);
});

describe('trendOf', () => {
  it('has the slope of a line, whatever a quarter of the points do', () => {
    const line = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? 1000 : 3 * i + 1));
    expect(trendOf(line).slope).toBeCloseTo(3, 1);
  });

  it('has the p of Mann and Kendall: a strictly rising series, the example of scipy’s normal approximation', () => {
    // n = 10: S = 45, σ² = 10·9·25/18 = 125, z = 44/√125 = 3.9355, p = 1 − Φ(z) = 4.15e-5
    expect(trendOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).p).toBeCloseTo(4.15e-5, 6);
    expect(trendOf([1, 2, 3]).p).toBe(1);
  });

  it('calls a trend if there is none as often as it says', () => {
    const random = new Random(2);
    const series = (): number[] => Array.from({ length: 10 }, () => random.normal());
    const called = Array.from({ length: 4000 }, () => trendOf(series()).p < 0.05).filter(Boolean).length;
    // 4000 · 0.05 = 200, σ = 13.8; the test is conservative at n = 10.
    expect(called).toBeGreaterThan(120);
    expect(called).toBeLessThan(250);
  });
});

it('normalTail has the known values', () => {
  expect(normalTail(0)).toBe(0.5);
  expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 12);
  expect(normalTail(-1)).toBeCloseTo(0.8413447460685429, 12);
});
