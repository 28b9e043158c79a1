import { describe, expect, it } from 'vitest';
import { normal, Random, uniform } from '../../src/index.js';
import { erf } from '../../src/tensor/math.js';
import { fingerprint } from './support.js';

function draws(seed: number, count: number, draw: (random: Random) => number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => draw(random));
}

/** Largest distance between the empirical distribution and `cdf`, times √n (Kolmogorov–Smirnov). */
function kolmogorov(sample: Float64Array, cdf: (x: number) => number): number {
  const sorted = sample.toSorted();
  let worst = 0;
  sorted.forEach((x, i) => {
    worst = Math.max(worst, (i + 1) / sorted.length - cdf(x), cdf(x) - i / sorted.length);
  });
  return worst * Math.sqrt(sorted.length);
}

function moments(sample: Float64Array): [mean: number, variance: number] {
  const mean = sample.reduce((a, b) => a + b, 0) / sample.length;
  return [mean, sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length];
}

const toUniform = (random: Random) => random.uniform();
const toNormal = (random: Random) => random.normal();

describe('Random', () => {
  it('one seed, one sequence', () => {
    expect(draws(7, 100, toUniform)).toEqual(draws(7, 100, toUniform));
    expect(draws(7, 100, toUniform)).not.toEqual(draws(8, 100, toUniform));
  });

  it('gives these bits on every machine and engine', () => {
    expect(fingerprint(draws(42, 10_000, toUniform))).toBe('c277d7cae74ece65');
    expect(fingerprint(draws(42, 10_000, toNormal))).toBe('fb857b0c7955d8d2');
  });

  it('uniform numbers are in [0, 1) and spread evenly', () => {
    const sample = draws(1, 20_000, toUniform);
    expect(Math.min(...sample)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...sample)).toBeLessThan(1);
    const [mean, variance] = moments(sample);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(kolmogorov(sample, (x) => x)).toBeLessThan(1.63); // exceeded by chance once in a hundred seeds
  });

  it('normal numbers have the bell’s mean, variance, tails and distribution', () => {
    const sample = draws(2, 20_000, toNormal);
    const [mean, variance] = moments(sample);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(sample.filter((x) => Math.abs(x) > 3).length / sample.length).toBeCloseTo(0.0027, 2);
    expect(kolmogorov(sample, (x) => (1 + erf(x * Math.SQRT1_2)) / 2)).toBeLessThan(1.63);
    expect(moments(draws(2, 20_000, (random) => random.normal(5, 0.1)))[0]).toBeCloseTo(5, 2);
  });

  it('neighbouring seeds are not correlated, nor are successive numbers', () => {
    const correlation = (a: Float64Array, b: Float64Array) =>
      (12 * a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i] - 0.5), 0)) / a.length;
    const first = (seed: number) => draws(seed, 4000, toUniform);
    for (let seed = 0; seed < 8; seed++) {
      expect(Math.abs(correlation(first(seed), first(seed + 1)))).toBeLessThan(0.06);
      expect(Math.abs(correlation(first(seed), first(seed + 2 ** 16)))).toBeLessThan(0.06);
    }
    const starts = Float64Array.from({ length: 4000 }, (_, seed) => new Random(seed).uniform());
    expect(kolmogorov(starts, (x) => x)).toBeLessThan(1.63);
    expect(Math.abs(correlation(starts.slice(0, -1), starts.slice(1)))).toBeLessThan(0.06);
    const run = first(9);
    expect(Math.abs(correlation(run.slice(0, -1), run.slice(1)))).toBeLessThan(0.06);
  });

  it('integers cover 0 … n − 1 evenly', () => {
    const counts = new Array<number>(7).fill(0);
    for (const i of draws(3, 14_000, (random) => random.integer(7))) counts[i]++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(150);
  });

  it('shuffle is a permutation, in place, and every order comes up', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = new Random(1).shuffle([...items]);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
    const array = Int32Array.of(1, 2, 3);
    expect(new Random(1).shuffle(array)).toBe(array);
    const random = new Random(5);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it('state and restore continue where the state was taken, through JSON', () => {
    const random = new Random(11);
    for (let i = 0; i < 700; i++) random.normal();
    const state = JSON.parse(JSON.stringify(random.state()));
    const expected = [random.uniform(), random.normal(), random.integer(100)];
    for (const seed of [11, 12]) {
      const other = new Random(seed);
      other.restore(state);
      expect([other.uniform(), other.normal(), other.integer(100)]).toEqual(expected);
    }
    const made = Random.from(state);
    expect([made.uniform(), made.normal(), made.integer(100)]).toEqual(expected);
  });

  it('refuses what is no seed and no state', () => {
    for (const seed of [0.5, Number.NaN, -1, 2 ** 32, 2 ** 32 + 1]) {
      expect(() => new Random(seed)).toThrow(
        `Random: seed must be an integer in 0 … 4294967295, got ${seed}`,
      );
    }
    expect(new Random(2 ** 32 - 1).uniform()).not.toBe(new Random(0).uniform());
    const random = new Random(1);
    const state = random.state();
    const changed = (i: number, word: unknown) => state.with(i, word as number);
    const wrong = [[1, 2], changed(0, 624), changed(0, -1), changed(9, 0.5), changed(9, null), null, 'state'];
    for (const none of wrong as (readonly number[])[]) {
      for (const restore of [() => random.restore(none), () => Random.from(none)]) {
        expect(restore).toThrow(
          'Random.restore: takes what state() gave, 625 whole numbers, got something else',
        );
      }
    }
    expect(random.state()).toEqual(state);
  });
});

describe('random tensors', () => {
  it('hold the generator’s numbers in row-major order, in their dtype', () => {
    const options = { dtype: 'float64', backend: 'reference' } as const;
    expect(uniform([2, 3], new Random(4), -1, 3, options).data()).toEqual(
      draws(4, 6, (random) => random.uniform(-1, 3)),
    );
    expect(normal([6], new Random(4), 2, 0.5, options).data()).toEqual(
      draws(4, 6, (random) => random.normal(2, 0.5)),
    );
    expect(uniform([3], new Random(4)).data()).toEqual(Float32Array.from(draws(4, 3, toUniform)));
    expect(normal([0, 2], new Random(4)).size).toBe(0);
  });
});
