import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { combineNorms, hostNorm } from '../../../kernels/gpu/host.js';
import { power } from '../../../src/tensor/math.js';
import { seeded } from './cases.js';

const POWERS = [0.5, 1, 1.5, 2, 3, 4, 20, Infinity];

describe('hostNorm', () => {
  it('is the norm of a range', () => {
    const data = [9, 3, -4, 9];
    expect(hostNorm(data, 1, 2, 2)).toBe(5);
    expect(hostNorm(data, 1, 2, 1)).toBe(7);
    expect(hostNorm(data, 1, 2, Infinity)).toBe(4);
    expect(hostNorm(data, 1, 2, 3)).toBeCloseTo(91 ** (1 / 3), 14);
    expect(hostNorm(data, 0, 0, 2)).toBe(0);
    expect(hostNorm(new Float32Array(4), 0, 4, 2)).toBe(0);
  });

  it('agrees with a plain sum wherever that can be formed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1 }),
        fc.constantFrom(...POWERS.slice(0, 6)),
        (data, p) => {
          fc.pre(data.some((value) => Math.abs(value) > 1e-3));
          const plain = data.reduce((sum, value) => sum + Math.abs(value) ** p, 0) ** (1 / p);
          expect(hostNorm(data, 0, data.length, p) / plain).toBeCloseTo(1, 12);
        },
      ),
      { seed: 1 },
    );
  });

  it.each([1e-320, 1e-300, 1e-160, 1e160, 1e300, 1e308])('neither overflows nor vanishes at %d', (scale) => {
    for (const p of POWERS) {
      const ratio = scale === 1e-320 ? 1e-3 : 1e-13;
      expect(Math.abs(hostNorm([scale], 0, 1, p) / scale - 1)).toBeLessThan(ratio);
      if (p < 1) continue;
      const want = (scale / 4) * 3 ** (1 / p);
      expect(Math.abs(hostNorm([scale / 4, -scale / 4, scale / 4], 0, 3, p) / want - 1)).toBeLessThan(ratio);
    }
  });

  it('says NaN for a NaN anywhere and Infinity for an infinity without one', () => {
    for (const p of POWERS) {
      for (const place of [0, 3, 6]) {
        const data = Float64Array.of(1, 2, 1e300, 1e-300, 0, -5, 6);
        data[place] = -Infinity;
        expect(hostNorm(data, 0, 7, p)).toBe(Infinity);
        data[(place + 3) % 7] = Number.NaN;
        expect(hostNorm(data, 0, 7, p)).toBeNaN();
      }
    }
  });

  it('refuses a p that is not positive and a range outside the data', () => {
    expect(() => hostNorm([1], 0, 1, 0)).toThrow('hostNorm: p must be positive, got 0');
    expect(() => hostNorm([1], 0, 1, Number.NaN)).toThrow('hostNorm: p must be positive, got NaN');
    expect(() => hostNorm([1], 0, 2, 2)).toThrow(
      'hostNorm: the range must lie inside the data, got 2 elements from 0 of 1',
    );
    expect(() => hostNorm([1, 2], -1, 1, 2)).toThrow('got 1 elements from -1 of 2');
  });
});

describe('hostNorm of powers that no kernel has', () => {
  const random = seeded(5);
  const cases: Readonly<Record<string, Float64Array>> = {
    tiny: Float64Array.from({ length: 30 }, () => random() * 1e-20),
    large: Float64Array.from({ length: 3000 }, (_, i) => 1e20 * (1 + (i % 7))),
    mixed: Float64Array.from({ length: 500 }, () => 10 ** (80 * random() - 40)),
  };

  it.each(Object.entries(cases))(
    'agrees with its definition, up to the largest magnitude itself: %s',
    (_, data) => {
      const max = Math.max(...data);
      for (const p of [0.3, 0.7, 1.1, 2.5, 6, 10, 64, 65, 100, 1e3, 1e6, 1e9, 1e10, 1e300]) {
        const want = max * data.reduce((sum, value) => sum + (value / max) ** p, 0) ** (1 / p);
        expect(Math.abs(hostNorm(data, 0, data.length, p) / want - 1), `p ${p}`).toBeLessThan(1e-12);
      }
    },
  );

  it('takes its powers from the library, not from the engine', () => {
    const pow = vi.spyOn(Math, 'pow').mockReturnValue(Number.NaN);
    expect(hostNorm([1, 2, 3], 0, 3, 2.5)).toBe(
      3 * power(power(1 / 3, 2.5) + power(2 / 3, 2.5) + 1, 1 / 2.5),
    );
    pow.mockRestore();
  });
});

describe('combineNorms', () => {
  it('is the norm of the whole, however the parts were cut', () => {
    const data = Array.from({ length: 100 }, (_, i) => (i - 50) * 1e200);
    for (const p of POWERS) {
      const parts = [0, 10, 40].map((start, k) => hostNorm(data, start, [10, 30, 60][k], p));
      expect(combineNorms(parts, p) / hostNorm(data, 0, 100, p)).toBeCloseTo(1, 12);
    }
  });

  it('has no parts, NaN and infinite parts', () => {
    expect(combineNorms([], 2)).toBe(0);
    expect(combineNorms([0, 0], 1)).toBe(0);
    expect(combineNorms([1, Number.NaN, Infinity], 2)).toBeNaN();
    expect(combineNorms(Float64Array.of(1, Infinity), Infinity)).toBe(Infinity);
  });
});
