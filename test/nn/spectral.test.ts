import { describe, expect, it } from 'vitest';
import { normal, Random, type Tensor, tensor, zeros } from '../../src/index.js';
import { orthogonal, spectralNorm, withSpectralNorm } from '../../src/nn/index.js';
import { EXACT, exact } from './golden.js';

/** The largest singular value from the eigenvalues of WᵀW by cyclic Jacobi rotations: another way altogether. */
function largestSingularValue(w: Tensor): number {
  const a = w.T.matmul(w).toArray() as number[][];
  const n = a.length;
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) if (a[p][q] !== 0) rotate(a, p, q);
    }
  }
  return Math.sqrt(Math.max(...a.map((row, i) => row[i])));
}

function rotate(a: number[][], p: number, q: number): void {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (let k = 0; k < a.length; k++) {
    [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
  }
}

/** U·diag(values)·Vᵀ with random orthogonal U and V. */
function withSingularValues(values: readonly number[], seed: number): Tensor {
  const random = new Random(seed);
  const n = values.length;
  return orthogonal([n, n], random, EXACT)
    .mul(exact(values))
    .matmul(orthogonal([n, n], random, EXACT));
}

const relative = (actual: number, expected: number) => Math.abs(actual / expected - 1);

describe('spectralNorm', () => {
  it('is the closed form: diagonal, 2×2, one row, one column, one number', () => {
    expect(
      relative(
        spectralNorm(
          exact([
            [3, 0],
            [0, -4],
          ]),
        ).norm,
        4,
      ),
    ).toBeLessThan(1e-10);
    // σ² of a 2×2 matrix: (s + √(s² − 4·det²)) / 2 with s the sum of squares.
    const s = 0.81 * 2 + 100;
    const shear = Math.sqrt((s + Math.sqrt(s * s - 4 * 0.81 ** 2)) / 2);
    expect(
      relative(
        spectralNorm(
          exact([
            [0.9, 10],
            [0, 0.9],
          ]),
        ).norm,
        shear,
      ),
    ).toBeLessThan(1e-10);
    expect(relative(spectralNorm(exact([[3, 4]])).norm, 5)).toBeLessThan(1e-14);
    expect(relative(spectralNorm(exact([[3], [4]])).norm, 5)).toBeLessThan(1e-14);
    expect(spectralNorm(exact([[-2]])).norm).toBe(2);
    expect(spectralNorm(zeros([2, 3]))).toEqual({ norm: 0, iterations: 0, converged: true });
  });

  it.each([
    [5, 5],
    [20, 20],
    [64, 64],
    [30, 10],
    [10, 30],
  ])('agrees with Jacobi on a random %d×%d matrix', (n, m) => {
    for (let seed = 0; seed < 5; seed++) {
      const w = normal([n, m], new Random(seed), 0, 1, EXACT);
      const { norm, converged } = spectralNorm(w);
      expect(converged).toBe(true);
      expect(relative(norm, largestSingularValue(w))).toBeLessThan(1e-10);
    }
  });

  it.each([1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 0])('holds where σ₂ = σ₁(1 − %f)', (gap) => {
    for (const n of [2, 8, 40]) {
      const rest = Array.from({ length: n - 2 }, (_, i) => (1 - 2 * gap) * (1 - i / n));
      const w = withSingularValues([1, 1 - gap, ...rest], n);
      const { norm, converged, iterations } = spectralNorm(w);
      expect(converged, `n ${n}, ${iterations} iterations`).toBe(true);
      expect(relative(norm, 1)).toBeLessThan(1e-10);
    }
  });

  it('neither overflows nor vanishes', () => {
    const w = normal([8, 8], new Random(1), 0, 1, EXACT);
    const { norm } = spectralNorm(w);
    for (const scale of [1e-300, 1e-160, 1e160, 1e300]) {
      expect(relative(spectralNorm(w.mul(scale)).norm / scale, norm)).toBeLessThan(1e-12);
    }
  });

  it('says when the cap came first', () => {
    const w = withSingularValues([1, 1 - 1e-4, 0.5], 1);
    const { iterations, converged } = spectralNorm(w, { maxIterations: 3 });
    expect([iterations, converged]).toEqual([3, false]);
  });

  it('refuses what has no norm', () => {
    expect(() => spectralNorm(zeros([3]))).toThrow('spectralNorm: needs a matrix [rows, columns], got [3]');
    expect(() => spectralNorm(zeros([0, 3]))).toThrow('got [0, 3]');
    expect(() => spectralNorm(tensor([[1, NaN]]))).toThrow('spectralNorm: elements must be finite, got NaN');
    expect(() => spectralNorm(zeros([1, 1]), { tolerance: 0 })).toThrow('tolerance must be > 0, got 0');
    expect(() => spectralNorm(zeros([1, 1]), { maxIterations: 0 })).toThrow(
      'maxIterations must be an integer ≥ 1',
    );
  });
});

describe('withSpectralNorm', () => {
  it.each([0.5, 1, 1.2, 30])('reaches ρ = %f, and says the norm it reached', (rho) => {
    const w = normal([40, 40], new Random(3), 0, 1, EXACT);
    const { weight, norm } = withSpectralNorm(w, rho);
    expect(relative(norm, rho)).toBeLessThan(1e-10);
    expect(relative(largestSingularValue(weight), rho)).toBeLessThan(1e-10);
    const rounded = withSpectralNorm(w.to('float32'), rho);
    expect(rounded.weight.dtype).toBe('float32');
    expect(relative(rounded.norm, rho)).toBeLessThan(1e-6);
    expect(relative(largestSingularValue(rounded.weight.to('float64')), rounded.norm)).toBeLessThan(1e-10);
  });

  it('keeps the direction and the input', () => {
    const w = exact([
      [3, 0],
      [0, 4],
    ]);
    const { weight } = withSpectralNorm(w, 2);
    expect(weight.data()[0] / weight.data()[3]).toBeCloseTo(0.75, 12);
    expect(w.toArray()).toEqual([
      [3, 0],
      [0, 4],
    ]);
    expect(withSpectralNorm(w, 0).norm).toBe(0);
  });

  it('refuses factors and matrices that cannot', () => {
    expect(() => withSpectralNorm(exact([[1]]), -1)).toThrow(
      'withSpectralNorm: rho must be a finite number ≥ 0, got -1',
    );
    expect(() => withSpectralNorm(exact([[1]]), NaN)).toThrow('got NaN');
    expect(() => withSpectralNorm(zeros([2, 2]), 1)).toThrow(
      'withSpectralNorm: a zero matrix cannot be scaled to 1',
    );
  });
});
