import { describe, expect, it } from 'vitest';
import { Arena, expectClose, expectSameBits } from './arena.js';

/** ln Σ eˣ in float64. */
function logSum(row: ArrayLike<number>): number {
  const most = Math.max(...Array.from(row));
  return most + Math.log(Array.from(row).reduce((sum, x) => sum + Math.exp(x - most), 0));
}

describe('softmax and cross-entropy', () => {
  it('agree with float64 for any width and any magnitude', () => {
    const arena = new Arena(1);
    const { kernels, scratch } = arena;
    for (const n of [1, 2, 3, 4, 10, 16, 27, 600]) {
      for (const scale of [1, 100, 1e4]) {
        arena.reset();
        const rows = arena.integer(1, 6);
        const row = n + arena.integer(0, 2);
        const x = arena.block((rows - 1) * row + n, scale);
        const line = (i: number): Float32Array => x.data.subarray(i * row, i * row + n);
        const [soft, logs] = [arena.empty(rows * n), arena.empty(rows * n)];
        kernels.softmaxRows(soft.at, n, x.at, row, rows, n);
        kernels.logSoftmaxRows(logs.at, n, x.at, row, rows, n, scratch);
        const targets = Array.from({ length: rows }, () => arena.integer(0, n - 1));
        const [probs, grad] = [arena.empty(rows * n), arena.empty(rows * n)];
        const indices = arena.integers(targets);
        const loss = kernels.crossEntropyForward(probs.at, x.at, row, indices, rows, n);
        kernels.crossEntropyBackward(grad.at, n, probs.at, indices, rows, n, 0.5 / rows);
        let wanted = 0;
        for (let i = 0; i < rows; i++) {
          const total = logSum(line(i));
          wanted += total - line(i)[targets[i]!]!;
          const range = [i * n, (i + 1) * n] as const;
          const p = Array.from(line(i), (v) => Math.exp(v - total));
          expectClose(soft.data.subarray(...range), p, 4e-7, 'softmax');
          expectClose(
            logs.data.subarray(...range),
            Array.from(line(i), (v) => v - total),
            5e-7,
            'logSoftmax',
          );
          const d = p.map((v, j) => ((v - (j === targets[i] ? 1 : 0)) * 0.5) / rows);
          expectClose(grad.data.subarray(...range), d, 4e-7, 'gradient');
        }
        expectSameBits(probs.data, soft.data);
        expect(Math.abs(loss - wanted)).toBeLessThanOrEqual(3e-7 * Math.max(1, wanted) * rows);
        arena.checkGuards();
      }
    }
  });

  it('of what is not above the diagonal: each row that of its own length, zeros after, nothing above it read', () => {
    const arena = new Arena(5);
    const { kernels } = arena;
    for (const n of [1, 2, 3, 4, 7, 16, 29]) {
      arena.reset();
      const rows = 2 * n + arena.integer(0, n - 1);
      const x = arena.block(rows * n, 30);
      const [out, alone] = [arena.empty(rows * n), arena.empty(rows * n)];
      for (let i = 0; i < rows; i++) {
        const seen = (i % n) + 1;
        alone.data.fill(0, i * n, (i + 1) * n);
        kernels.softmaxRows(alone.at + 4 * i * n, n, x.at + 4 * i * n, n, 1, seen);
        x.data.fill(NaN, i * n + seen, (i + 1) * n);
      }
      kernels.causalSoftmaxRows(out.at, x.at, rows, n);
      expectSameBits(out.data, alone.data);
      kernels.causalSoftmaxRows(x.at, x.at, rows, n);
      expectSameBits(x.data, alone.data);
      arena.checkGuards();
    }
  });

  it('work in place and turn a row with NaN or +∞ into NaN', () => {
    const arena = new Arena(2);
    const { kernels, scratch } = arena;
    const x = arena.block(3 * 7);
    const [copy, out] = [arena.of(x.data), arena.empty(21)];
    kernels.softmaxRows(out.at, 7, x.at, 7, 3, 7);
    kernels.softmaxRows(x.at, 7, x.at, 7, 3, 7);
    expectSameBits(x.data, out.data);
    kernels.logSoftmaxRows(out.at, 7, copy.at, 7, 3, 7, scratch);
    kernels.logSoftmaxRows(copy.at, 7, copy.at, 7, 3, 7, scratch);
    expectSameBits(copy.data, out.data);
    copy.data[3] = NaN;
    copy.data[9] = Infinity;
    copy.data[18] = -Infinity;
    kernels.softmaxRows(out.at, 7, copy.at, 7, 3, 7);
    expect(out.data.subarray(0, 14).every(Number.isNaN)).toBe(true);
    expect(out.data[18]).toBe(0);
    expect(out.data.subarray(14).every(Number.isFinite)).toBe(true);
    arena.checkGuards();
  });
});
