import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recommendThreshold } from '../../src/diagnose/index.js';
import { Random } from '../../src/index.js';

function lognormal(n: number, seed = 1, sigma = 0.5): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: n }, () => Math.exp(random.normal(0, sigma)));
}

describe('recommendThreshold', () => {
  it('has the percentiles, and what each would have clipped', () => {
    const norms = Float64Array.from({ length: 1000 }, (_, i) => 1 + ((i * 7) % 1000));
    const { candidates, count } = recommendThreshold(norms);
    expect(count).toBe(1000);
    for (const [i, q] of [0.5, 0.75, 0.9].entries()) {
      const { threshold, inSample } = candidates[i];
      expect(threshold).toBeCloseTo(1 + 999 * q, 9);
      expect(inSample.rate).toBeCloseTo(1 - q, 12);
      const lost = norms.reduce((sum, norm) => sum + Math.max(0, norm - threshold), 0);
      expect(inSample.stepLengthLost).toBeCloseTo(lost / norms.reduce((sum, norm) => sum + norm, 0), 12);
    }
  });

  it('halves few norms at the median, as the closed form of lognormal norms says', () => {
    // P(‖g‖ > 2·median) = 1 − Φ(ln 2 / σ): 8.3 % at σ = 0.5
    const norms = lognormal(100_000);
    const { threshold, inSample } = recommendThreshold(norms).candidates[0];
    expect(inSample.rate).toBeCloseTo(0.5, 2);
    expect(norms.filter((norm) => norm > 2 * threshold).length / norms.length).toBeCloseTo(0.083, 2);
    // E max(0, x − 1) / E x of a lognormal with median 1: Φ(σ) − Φ(0)·e^(−σ²/2)
    expect(inSample.stepLengthLost).toBeCloseTo(0.69146 - 0.5 * Math.exp(-0.125), 2);
  });

  it('recommends the 90th percentile of ordinary norms, and judges it on the half it was not chosen by', () => {
    const { recommended, warnings, drift, why } = recommendThreshold(lognormal(4000));
    expect([recommended.name, warnings, drift.isDrifting]).toEqual(['90th percentile', [], false]);
    expect(recommended.outOfSample.rate).toBeCloseTo(0.1, 1);
    expect(recommended.outOfSample.threshold).not.toBe(recommended.threshold);
    expect(why).toMatch(
      /^The 90th percentile of the norms bounds the largest steps.*clipped 10 % of these steps/,
    );
  });

  it('goes down to where norms are ordinary, where more than a tenth or a quarter are outliers', () => {
    const spoilt = (every: number): Float64Array =>
      lognormal(1000).map((norm, i) => (i % every === 0 ? 50 * norm : norm));
    expect(recommendThreshold(spoilt(7)).recommended.name).toBe('75th percentile');
    const third = recommendThreshold(spoilt(3));
    expect(third.recommended.name).toBe('median');
    expect(third.why).toContain('the percentiles above it are outliers');
  });

  it('says when the norms drift, and goes by the second half', () => {
    const falling = lognormal(2000).map((norm, i) => norm * Math.exp(-i / 900));
    const { drift, warnings, recommended, toGoOn } = recommendThreshold(falling);
    expect(drift.isDrifting).toBe(true);
    expect(drift.ratio).toBeCloseTo(Math.exp(-1600 / 900), 1);
    expect(warnings[0]).toMatch(/^The norms fell \d+(\.\d+)?-fold over the run/);
    expect(warnings[1]).toContain('of the second');
    expect(recommended.threshold).toBeLessThan(Math.exp(-1000 / 900) * 2);
    expect(toGoOn).toBe(recommended.threshold);
    const rising = recommendThreshold(falling.slice().reverse());
    expect(rising.warnings[0]).toMatch(/^The norms grew.*follows them up\.$/);
    expect(rising.drift.ratio * drift.ratio).toBeCloseTo(1, 9);
  });

  it('has one threshold to start anew and one to go on with, where norms drift more than tenfold', () => {
    const wave = lognormal(1000);
    for (const factor of [1 / 2000, 50]) {
      const norms = wave.map((norm, i) => (i < 500 ? norm : factor * norm));
      const { recommended, toGoOn, why } = recommendThreshold(norms);
      const [first, second] = [norms.slice(0, 500), norms.slice(500)].map(recommendThreshold);
      expect(recommended.threshold).toBe(first.recommended.threshold);
      expect(recommended.inSample).toEqual(first.recommended.inSample);
      expect(toGoOn).toBe(second.recommended.threshold);
      expect(why).toMatch(/^To start anew, .* to go on from here, .* The 90th percentile of the first half/);
    }
  });

  it('names no low threshold where norms fell in the first steps, and one to go on with', () => {
    const fallen = lognormal(1000).map((norm, i) => norm * Math.max(1e-3, 1.1 ** -i));
    const { recommended, candidates, toGoOn, why } = recommendThreshold(fallen);
    expect(recommended).toBe(candidates[2]);
    expect(recommended.threshold).toBeGreaterThan(
      recommendThreshold(fallen.slice(100)).candidates[2].threshold * 2,
    );
    expect(toGoOn).toBe(recommendThreshold(fallen.slice(500)).recommended.threshold);
    expect(why).toMatch(/^To start anew.*of their length: most of it is that of the largest norms\.$/);
  });

  it('takes the first norm where norms exploded, at once or after a time, and says that clippers would follow', () => {
    const atOnce = lognormal(32).map((norm, i) => norm * 3.9 ** i);
    const plateau = lognormal(300).map((norm, i) => norm * 1e15 * Math.min(1, 1e-15 * 20 ** i));
    const late = lognormal(1000).map((norm, i) => norm * 1.05 ** Math.max(0, i - 600));
    for (const norms of [atOnce, plateau, late, Float64Array.of(54, 440, 1.3e4, 2.9e11)]) {
      const { recommended, candidates, toGoOn, why, warnings, drift } = recommendThreshold(norms);
      expect([recommended.name, recommended.threshold, toGoOn]).toEqual(['first norm', norms[0], null]);
      expect(candidates).toEqual([recommended]);
      expect(why).toMatch(/^The norms grew .*they exploded.*go down by factors of 3/);
      expect(warnings).toEqual([]);
      expect(drift.p).toBeLessThanOrEqual(1);
    }
  });

  it('does not take a spike, or an explosion of the last few steps, for the level of the norms', () => {
    const spoilt = lognormal(500).map((norm, i) => (i === 40 || i > 490 ? 1e9 * norm : norm));
    for (const first of [1e-9, 1e9]) {
      spoilt[0] = first;
      const { recommended, drift } = recommendThreshold(spoilt);
      expect([recommended.name, drift.isDrifting]).toEqual(['90th percentile', false]);
      expect(recommended.threshold).toBeLessThan(3);
    }
  });

  it('calls a drift or a rate that did not hold if there is none in 1 of 50 runs at most', () => {
    const runs = Array.from({ length: 300 }, (_, seed) => recommendThreshold(lognormal(200, seed, 1)));
    expect(runs.filter(({ warnings }) => warnings.length > 0).length).toBeLessThanOrEqual(6);
  });

  it('counts what is not finite, and zeros, apart', () => {
    const norms = [...lognormal(100, 3), Number.NaN, Infinity, 0];
    const { nonFinite, zeros, count, warnings } = recommendThreshold(norms);
    expect([nonFinite, zeros, count]).toEqual([2, 1, 100]);
    expect(warnings).toHaveLength(2);
    expect(() => recommendThreshold([1, 2, Number.NaN])).toThrow(
      'recommendThreshold: needs 20 norms that are finite and above 0, got 2 of 3; log more steps',
    );
  });

  it('scales with the norms, from 1e-200 to 1e200', () => {
    const norms = lognormal(300);
    const { recommended, why } = recommendThreshold(norms);
    fc.assert(
      fc.property(fc.integer({ min: -660, max: 660 }), (exponent) => {
        const scaled = recommendThreshold(norms.map((norm) => norm * 2 ** exponent));
        expect(scaled.recommended.threshold).toBeCloseTo(recommended.threshold * 2 ** exponent, 9);
        expect(scaled.recommended.inSample.stepLengthLost).toBeCloseTo(
          recommended.inSample.stepLengthLost,
          12,
        );
        expect(scaled.why).toBe(why);
      }),
      { numRuns: 30 },
    );
  });

  it('takes equal norms, and a million', () => {
    expect(recommendThreshold(new Float64Array(50).fill(3)).recommended).toMatchObject({
      threshold: 3,
      inSample: { rate: 0, stepLengthLost: 0 },
    });
    const many = Float64Array.from({ length: 1_000_000 }, (_, i) => 1 + ((i * 7919) % 10_007));
    expect(recommendThreshold(many).count).toBe(1_000_000);
  });
});
