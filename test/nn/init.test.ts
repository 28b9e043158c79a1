import { describe, expect, it } from 'vitest';
import { Random, type Tensor } from '../../src/index.js';
import {
  type GainName,
  gainFor,
  kaimingNormal,
  kaimingUniform,
  orthogonal,
  xavierNormal,
  xavierUniform,
} from '../../src/nn/index.js';
import { EXACT } from './golden.js';

/** Mean, variance and largest size of the elements. */
function statistics(x: Tensor): { mean: number; variance: number; largest: number } {
  const data = [...x.data()];
  const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
  const variance = data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length;
  return { mean, variance, largest: data.reduce((top, v) => Math.max(top, Math.abs(v)), 0) };
}

describe('Xavier and Kaiming', () => {
  const shape = [300, 200];
  const r = () => new Random(11);
  const expected: readonly (readonly [string, Tensor, number, 'uniform' | 'normal'])[] = [
    ['xavierUniform', xavierUniform(shape, r()), 2 / 500, 'uniform'],
    ['xavierUniform, gain 2', xavierUniform(shape, r(), { gain: 2 }), 8 / 500, 'uniform'],
    ['xavierNormal', xavierNormal(shape, r()), 2 / 500, 'normal'],
    ['kaimingUniform', kaimingUniform(shape, r()), 2 / 200, 'uniform'],
    ['kaimingNormal', kaimingNormal(shape, r()), 2 / 200, 'normal'],
    [
      'kaimingNormal, fanOut, tanh',
      kaimingNormal(shape, r(), { mode: 'fanOut', nonlinearity: 'tanh' }),
      25 / 9 / 300,
      'normal',
    ],
    [
      'kaimingUniform, convolution',
      kaimingUniform([100, 50, 3, 3], r(), { nonlinearity: 'linear' }),
      1 / 450,
      'uniform',
    ],
  ];
  it.each(expected)('%s has its variance and range', (_, x, variance, kind) => {
    const found = statistics(x);
    expect(Math.abs(found.mean)).toBeLessThan(4 * Math.sqrt(variance / x.size));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.03);
    const bound = Math.sqrt(3 * variance);
    if (kind === 'uniform') expect(found.largest / bound).toBeLessThanOrEqual(1 + 1e-7);
    if (kind === 'uniform') expect(found.largest / bound).toBeGreaterThan(0.999);
    if (kind === 'normal') expect(found.largest / bound).toBeGreaterThan(1.5);
  });

  it('repeat with the seed, in the dtype asked for', () => {
    expect(xavierNormal([3, 2], r(), EXACT).data()).toEqual(xavierNormal([3, 2], r(), EXACT).data());
    expect(kaimingUniform([3, 2], r(), EXACT).dtype).toBe('float64');
  });

  it('gains are the usual ones', () => {
    const names: GainName[] = ['linear', 'identity', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'];
    expect(names.map((name) => gainFor(name))).toEqual([
      1,
      1,
      1,
      5 / 3,
      Math.SQRT2,
      Math.sqrt(2 / 1.0001),
      0.75,
    ]);
    expect(gainFor('leakyRelu', 1)).toBe(1);
  });

  it('refuse shapes, gains and names that mean nothing', () => {
    expect(() => xavierUniform([3], r())).toThrow(
      'xavierUniform: needs a shape [out, in, …] without empty axes, got [3]',
    );
    expect(() => kaimingNormal([3, 0], r())).toThrow('kaimingNormal: needs a shape');
    expect(() => xavierNormal([3, 2], r(), { gain: NaN })).toThrow(
      'xavierNormal: gain must be a finite number, got NaN',
    );
    expect(() => kaimingNormal([3, 2], r(), { mode: 'fan_in' as 'fanIn' })).toThrow(
      "mode must be 'fanIn' or 'fanOut', got the string 'fan_in'",
    );
    expect(() => gainFor('swish' as GainName)).toThrow(
      "gainFor: nonlinearity must be one of linear, identity, sigmoid, tanh, relu, leakyRelu, selu, got 'swish'",
    );
  });
});

/** Largest element of |QᵀQ − gain²·1| (or QQᵀ, the smaller). */
function deviation(q: Tensor, gain: number): number {
  const exact = q.to('float64').reshape([q.shape[0], -1]);
  const gram = exact.shape[0] <= exact.shape[1] ? exact.matmul(exact.T) : exact.T.matmul(exact);
  const n = gram.shape[0];
  return [...gram.data()].reduce((worst, x, k) => {
    return Math.max(worst, Math.abs(x - (k % (n + 1) === 0 ? gain * gain : 0)));
  }, 0);
}

describe('orthogonal', () => {
  const shapes = [
    [1, 1],
    [32, 32],
    [100, 100],
    [20, 50],
    [50, 20],
    [1, 7],
    [8, 2, 3, 3],
  ];
  it.each(shapes.map((shape) => [shape.join('×'), shape] as const))(
    '%s has orthonormal rows or columns',
    (_, shape) => {
      expect(deviation(orthogonal(shape, new Random(1), EXACT), 1)).toBeLessThan(1e-12);
      expect(deviation(orthogonal(shape, new Random(1)), 1)).toBeLessThan(1e-6);
      expect(orthogonal(shape, new Random(1)).shape).toEqual(shape);
      expect(deviation(orthogonal(shape, new Random(1), { gain: 1.2, ...EXACT }), 1.2)).toBeLessThan(1e-12);
    },
  );

  it('stays orthonormal where the draws are nearly parallel, which one Gram–Schmidt pass does not', () => {
    class NearlyParallel extends Random {
      override normal(): number {
        return 1 + 1e-7 * super.normal();
      }
    }
    expect(deviation(orthogonal([20, 20], new NearlyParallel(1), EXACT), 1)).toBeLessThan(1e-12);
  });

  it('is uniform over the orthogonal matrices: signs, traces and determinants are balanced', () => {
    const random = new Random(4);
    const draws = Array.from({ length: 2000 }, () => orthogonal([3, 3], random, EXACT).data());
    const average = (f: (q: ArrayLike<number>) => number) =>
      draws.reduce((sum, q) => sum + f(q), 0) / draws.length;
    const determinant = (q: ArrayLike<number>) =>
      q[0] * (q[4] * q[8] - q[5] * q[7]) -
      q[1] * (q[3] * q[8] - q[5] * q[6]) +
      q[2] * (q[3] * q[7] - q[4] * q[6]);
    // Haar: E q = 0 and E q² = 1/3 for each element, E trace² = 1, E det = 0; five standard errors.
    for (let k = 0; k < 9; k++) {
      expect(Math.abs(average((q) => q[k]))).toBeLessThan(5 * Math.sqrt(1 / 3 / 2000));
      expect(Math.abs(average((q) => q[k] ** 2) - 1 / 3)).toBeLessThan(0.035);
    }
    expect(Math.abs(average((q) => (q[0] + q[4] + q[8]) ** 2) - 1)).toBeLessThan(0.16);
    expect(Math.abs(average(determinant))).toBeLessThan(0.12);
  });

  it('repeats with the seed and refuses what is no matrix', () => {
    expect(orthogonal([4, 4], new Random(2)).data()).toEqual(orthogonal([4, 4], new Random(2)).data());
    expect(() => orthogonal([4], new Random(2))).toThrow('orthogonal: needs a shape [out, in, …]');
    expect(() => orthogonal([4, 4], new Random(2), { gain: Infinity })).toThrow(
      'orthogonal: gain must be a finite number',
    );
  });
});
