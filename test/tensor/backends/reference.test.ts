import { describe, expect, it } from 'vitest';
import { tensor } from '../../../src/index.js';
import { exp, tanh } from '../../../src/tensor/math.js';

const single = { dtype: 'float32', backend: 'reference' } as const;

describe('reference, in float32', () => {
  it('computes each element in float64 and rounds once', () => {
    const values = [-1.7, -0.3, 0.1, 2.9].map(Math.fround);
    expect(tensor(values, single).unary('exp').toArray()).toEqual(values.map((x) => Math.fround(exp(x))));
    expect(tensor(values, single).unary('tanh').toArray()).toEqual(values.map((x) => Math.fround(tanh(x))));
    expect(tensor([1], single).div(3).item()).toBe(Math.fround(1 / 3));
  });

  it('carries sums and dot products in float64', () => {
    const x = tensor([2 ** 24, 1, 1, -(2 ** 24)], single);
    expect(x.sum().item()).toBe(2);
    expect(
      x
        .reshape([1, 4])
        .matmul(tensor([[1], [1], [1], [1]], single))
        .item(),
    ).toBe(2);
  });
});
