import { expect, it } from 'vitest';
import { Arena, expectClose } from './arena.js';

/** A row with mean 0 and variance 1, in float64, and what its deviations were multiplied by. */
function normalised(row: Float32Array, eps: number): { unit: number[]; scale: number } {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
  const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
  const scale = 1 / Math.sqrt(variance + eps);
  return { unit: Array.from(row, (x) => (x - mean) * scale), scale };
}

const meanOf = (row: readonly number[]): number => row.reduce((sum, x) => sum + x, 0) / row.length;

it('layer norm, forward and backward, agrees with float64 for any width, and writes nothing beside it', () => {
  const arena = new Arena(3);
  const { kernels } = arena;
  for (const n of [1, 2, 3, 4, 5, 8, 63, 64, 600, 1030]) {
    for (const eps of [1e-5, 0.1]) {
      arena.reset();
      const rows = arena.integer(1, 6);
      const [x, dy] = [arena.block(rows * n, 4), arena.block(rows * n)];
      const [weight, bias] = [arena.block(n), arena.block(n)];
      const [out, dx, shares] = [rows * n, rows * n, rows * n].map((size) => arena.empty(size));
      kernels.layerNormForward(out.at, x.at, weight.at, bias.at, rows, n, eps);
      kernels.layerNormBackward(dx.at, shares.at, dy.at, x.at, weight.at, rows, n, eps);
      for (let i = 0; i < rows; i++) {
        const range = [i * n, (i + 1) * n] as const;
        const [row, up] = [x, dy].map(({ data }) => data.subarray(...range));
        const { unit, scale } = normalised(row, eps);
        const want = unit.map((u, j) => u * weight.data[j]! + bias.data[j]!);
        expectClose(out.data.subarray(...range), want, 2e-6, `forward, n = ${n}`);
        const parts = unit.map((u, j) => u * up[j]!);
        expectClose(shares.data.subarray(...range), parts, 2e-6, `shares, n = ${n}`);
        const g = Array.from(up, (value, j) => value * weight.data[j]!);
        const [shift, slope] = [meanOf(g), meanOf(g.map((value, j) => value * unit[j]!))];
        const wanted = g.map((value, j) => scale * (value - shift - unit[j]! * slope));
        expectClose(dx.data.subarray(...range), wanted, 4e-6 * Math.max(1, scale), `backward, n = ${n}`);
      }
      arena.checkGuards();
    }
  }
});

it('layer norm of no rows writes nothing', () => {
  const arena = new Arena(4);
  const [x, out] = [arena.block(0), arena.empty(0)];
  arena.kernels.layerNormForward(out.at, x.at, x.at, x.at, 0, 5, 1e-5);
  arena.kernels.layerNormBackward(out.at, out.at, x.at, x.at, x.at, 0, 5, 1e-5);
  arena.checkGuards();
  expect(out.data.length).toBe(0);
});
