import { describe, expect, it } from 'vitest';
import { REDUCE } from '../../../kernels/simd/kernels.js';
import { Arena, expectSameBits } from './arena.js';

/** Σ and Σ|·| in float64. */
function sums(values: ArrayLike<number>): [number, number] {
  let [sum, size] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    size += Math.abs(values[i]!);
  }
  return [sum, size];
}

describe('reductions', () => {
  it('sum and find the maximum of rows and columns', () => {
    const arena = new Arena(1);
    for (let round = 0; round < 200; round++) {
      arena.reset();
      const rows = arena.pick([1, 2, 3, 7, 64, 65, 130]);
      const n = arena.pick([1, 3, 4, 8, 15, 16, 17, 37, 64, 513, 1100]);
      const row = n + arena.integer(0, 3);
      const x = arena.block((rows - 1) * row + n);
      const at = (i: number, j: number): number => x.data[i * row + j]!;
      const step = arena.integer(1, 3);
      const [across, down] = [arena.empty((rows - 1) * step + 1), arena.empty(n)];
      arena.kernels.reduceRows(REDUCE.sum, across.at, step, x.at, row, rows, n);
      arena.kernels.reduceColumns(REDUCE.sum, down.at, x.at, row, rows, n);
      for (let i = 0; i < rows; i++) {
        const [sum, size] = sums(x.data.subarray(i * row, i * row + n));
        expect(Math.abs(across.data[i * step]! - sum)).toBeLessThanOrEqual(37 * 2 ** -24 * size);
      }
      for (let j = 0; j < n; j++) {
        const [sum, size] = sums(Array.from({ length: rows }, (_, i) => at(i, j)));
        expect(Math.abs(down.data[j]! - sum)).toBeLessThanOrEqual(65 * 2 ** -24 * size);
      }
      arena.kernels.reduceRows(REDUCE.max, across.at, step, x.at, row, rows, n);
      arena.kernels.reduceColumns(REDUCE.max, down.at, x.at, row, rows, n);
      for (let i = 0; i < rows; i++) {
        expect(across.data[i * step]).toBe(Math.max(...x.data.subarray(i * row, i * row + n)));
      }
      const wanted = Array.from({ length: n }, (_, j) =>
        Math.max(...Array.from({ length: rows }, (_, i) => at(i, j))),
      );
      expectSameBits(down.data, wanted);
      arena.checkGuards();
    }
  });

  it('let NaN win a maximum, wherever it stands', () => {
    const arena = new Arena(2);
    for (const n of [1, 4, 9, 16, 21]) {
      for (let place = 0; place < n; place++) {
        arena.reset();
        const [x, row, column] = [arena.block(n), arena.empty(1), arena.empty(1)];
        x.data[place] = NaN;
        arena.kernels.reduceRows(REDUCE.max, row.at, 1, x.at, n, 1, n);
        arena.kernels.reduceColumns(REDUCE.max, column.at, x.at, 1, n, 1);
        expect(row.data[0]).toBeNaN();
        expect(column.data[0]).toBeNaN();
        expect(arena.kernels.maxAbs(x.at, n)).toBeNaN();
      }
    }
  });

  it('give 0 and −∞ for nothing', () => {
    const arena = new Arena(3);
    const out = arena.empty(2);
    arena.kernels.reduceRows(REDUCE.sum, out.at, 1, 64, 0, 1, 0);
    arena.kernels.reduceRows(REDUCE.max, out.at + 4, 1, 64, 0, 1, 0);
    expectSameBits(out.data, [0, -Infinity]);
    arena.kernels.reduceColumns(REDUCE.sum, out.at, 64, 0, 0, 2);
    expectSameBits(out.data, [0, 0]);
    expect(arena.kernels.maxAbs(64, 0)).toBe(0);
    expect(arena.kernels.sumSquares(64, 0)).toBe(0);
  });
});

describe('long blocks', () => {
  it('scale in place', () => {
    const arena = new Arena(4);
    for (const n of [0, 1, 4, 7, 16, 37, 200]) {
      const x = arena.block(n);
      const wanted = x.data.map((v) => v * Math.fround(0.3));
      arena.kernels.scaleBlock(x.at, n, 0.3);
      expectSameBits(x.data, wanted);
      arena.checkGuards();
    }
  });

  it('sum squares exactly enough at every magnitude, and find the largest', () => {
    const arena = new Arena(5);
    // Some squares are subnormal in float32, some are beyond it, and some are both in one block.
    for (const scale of [1, 1e-3, 1e30, 3.4e38, 2e19, 3e-19, 1e-21, 1e-22, 1e-30, 1e-44]) {
      for (const n of [1, 2, 7, 8, 9, 1000, 4097]) {
        arena.reset();
        const x = arena.block(n, scale);
        let [wanted, largest] = [0, 0];
        for (const v of x.data) {
          wanted += v * v;
          largest = Math.max(largest, Math.abs(v));
        }
        expect(Math.abs(arena.kernels.sumSquares(x.at, n) - wanted)).toBeLessThanOrEqual(wanted * 1.8e-7);
        expect(arena.kernels.maxAbs(x.at, n)).toBe(largest);
      }
    }
    const x = arena.block(100);
    const bounds = arena.integers([0, 10, 10, 10, 16, 93]);
    const out = new Float64Array(arena.memory.buffer, 128, 3);
    arena.kernels.sumSquaresSegments(128, x.at, bounds, 3);
    expect([...out]).toEqual([
      arena.kernels.sumSquares(x.at, 10),
      0,
      arena.kernels.sumSquares(x.at + 64, 77),
    ]);
    x.data[50] = Infinity;
    expect(arena.kernels.maxAbs(x.at, 100)).toBe(Infinity);
    expect(arena.kernels.sumSquares(x.at, 100)).toBe(Infinity);
  });
});
