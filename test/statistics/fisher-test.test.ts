import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hypergeometricTail } from '../../src/statistics/fisher-test.js';

function choose(n: number, k: number): bigint {
  let product = 1n;
  for (let i = 1; i <= k; i++) product = (product * BigInt(n - k + i)) / BigInt(i);
  return k < 0 || k > n ? 0n : product;
}

/** The same in exact integers. */
function exactTail(hits: number, draws: number, marked: number, total: number): number {
  let sum = 0n;
  for (let k = hits; k <= Math.min(draws, marked); k++) {
    sum += choose(marked, k) * choose(total - marked, draws - k);
  }
  const scale = 10n ** 30n;
  return Number((sum * scale) / choose(total, draws)) / 1e30;
}

it('is the tail in exact arithmetic', () => {
  const numbers = fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60), fc.nat(60));
  fc.assert(
    fc.property(numbers, ([total, a, b, c]) => {
      const [draws, marked] = [Math.min(a, total), Math.min(b, total)];
      const hits = Math.min(c, Math.min(draws, marked) + 1);
      const exact = exactTail(hits, draws, marked, total);
      expect(Math.abs(hypergeometricTail(hits, draws, marked, total) - exact)).toBeLessThan(
        1e-11 + 1e-9 * exact,
      );
    }),
  );
});

it('knows the lady tasting tea: 1 in 70', () => {
  expect(hypergeometricTail(4, 4, 4, 8)).toBeCloseTo(1 / 70, 14);
});

it('holds for millions', () => {
  const p = hypergeometricTail(150, 1000, 100_000, 1_000_000);
  // Expected 100, σ = 9.48; 1 − Φ(49.5 / 9.48) = 9e-8, the exact tail is a little fatter.
  expect(p).toBeGreaterThan(1e-8);
  expect(p).toBeLessThan(1e-6);
});

it('is certain where far fewer are asked for than can be expected, however unlikely each number of them is', () => {
  // 199 of 200 draws are marked, of 1 in 335: at least one that is not is what anyone would expect.
  expect(hypergeometricTail(1, 200, 99_901, 100_200)).toBe(1);
  expect(hypergeometricTail(1, 100_000, 500_000, 1_000_000)).toBe(1);
});
