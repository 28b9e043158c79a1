import fc from 'fast-check';
import { expect, it } from 'vitest';

import { toJson } from '../../src/persist/index.js';
import { QuantileSketch } from '../../src/statistics/sketch.js';

const exponents = fc.array(fc.double({ min: -300, max: 300, noNaN: true }), { minLength: 1, maxLength: 60 });

it('every quantile is within 1 % of the norm of that rank, over 600 decades', () => {
  fc.assert(
    fc.property(exponents, fc.double({ min: 0, max: 1, noNaN: true }), (exponents, q) => {
      const sketch = new QuantileSketch();
      const norms = exponents.map((exponent) => 10 ** exponent);
      for (const norm of norms) sketch.add(norm);
      const exact = norms.sort((a, b) => a - b)[Math.floor(q * (norms.length - 1))];
      expect(Math.abs(sketch.quantile(q) / exact - 1)).toBeLessThan(0.0101);
    }),
  );
});

it('counts zeros below all others, and knows nothing at first', () => {
  const sketch = new QuantileSketch();
  expect(sketch.quantile(0.5)).toBeNaN();
  for (const norm of [0, 0, 0, 5]) sketch.add(norm);
  expect([sketch.quantile(0.5), sketch.count]).toEqual([0, 4]);
  expect(sketch.quantile(1)).toBeCloseTo(5, 1);
});

it('a million norms of three decades take a few hundred bins, and the state goes through JSON', () => {
  const sketch = new QuantileSketch();
  for (let i = 0; i < 1_000_000; i++) sketch.add(1 + (i % 1000));
  const json = toJson(sketch.state());
  expect(json.length).toBeLessThan(10_000);
  const other = new QuantileSketch();
  const { zeros, bins } = JSON.parse(json);
  other.restore(zeros, new Map(Object.entries(bins)));
  expect([other.count, other.quantile(0.3)]).toEqual([1_000_000, sketch.quantile(0.3)]);
});
