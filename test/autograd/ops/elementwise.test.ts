import { describe, expect, it } from 'vitest';
import { clamp, maximum, minimum, pow, type Tensor, tensor, variable } from '../../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const make = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, double);
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('maximum and minimum', () => {
  it('share the gradient of a tie, as PyTorch does', () => {
    const [a, b] = [variable(make([1, 2, 3])), variable(make([3, 2, 1]))];
    maximum(a, b).sum().backward();
    expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([
      [0, 0.5, 1],
      [1, 0.5, 0],
    ]);
    const [c, d] = [variable(make([1, 2, 3])), variable(make([3, 2, 1]))];
    minimum(c, d).sum().backward();
    expect([c.grad!.toArray(), d.grad!.toArray()]).toEqual([
      [1, 0.5, 0],
      [0, 0.5, 1],
    ]);
  });

  it('let NaN through; an infinite gradient gives the loser 0, not NaN', () => {
    expect(maximum(make([nan, 1]), make([1, nan])).value.toArray()).toEqual([nan, nan]);
    expect(minimum(make([nan, 1]), make([1, nan])).value.toArray()).toEqual([nan, nan]);
    const [a, b] = [variable(make([1])), variable(make([2]))];
    maximum(a, b).backward({ grad: make([inf]) });
    expect([a.grad!.item(), b.grad!.item()]).toEqual([0, inf]);
  });
});

describe('clamp', () => {
  it('bounds, passes the gradient inside and on the bounds, and stops it outside', () => {
    const x = variable(make([-2, -1, 0, 1, 2]));
    const y = clamp(x, { min: -1, max: 1 });
    expect(y.value.toArray()).toEqual([-1, -1, 0, 1, 1]);
    y.backward({ grad: make([inf, 1, 1, 1, 1]) });
    expect(x.grad!.toArray()).toEqual([0, 1, 1, 1, 0]);
    expect(clamp(make([nan]), { min: 0 }).value.item()).toBeNaN();
  });

  it('passes the gradient of a NaN on, so that a check of gradients sees it', () => {
    for (const bounds of [{ min: -1, max: 1 }, { min: -1 }, { max: 1 }]) {
      const x = variable(make([nan, 0]));
      clamp(x, bounds).backward({ grad: make([3, 4]) });
      expect(x.grad!.toArray()).toEqual([3, 4]);
    }
  });
});

describe('pow', () => {
  it('has the right slope at 0: 0 for x⁰, 1 for x¹, 0 for x²', () => {
    for (const [exponent, slope] of [
      [0, 0],
      [1, 1],
      [2, 0],
    ] as const) {
      const x = variable(make([0]));
      pow(x, exponent).sum().backward();
      expect(x.grad!.item()).toBe(slope);
    }
  });

  it('takes negative bases to integer powers, and gives NaN otherwise', () => {
    expect(pow(make([-2]), 3).value.item()).toBe(-8);
    expect(pow(make([-2]), -1).value.item()).toBe(-0.5);
    expect(pow(make([-2]), 0.5).value.item()).toBeNaN();
  });
});

describe('NaN and ∞', () => {
  it('propagate through arithmetic and its derivatives', () => {
    const x = variable(make([inf, nan]));
    const y = x.mul(2).add(1);
    expect(y.value.toArray()).toEqual([inf, nan]);
    y.square().sum().backward();
    expect(x.grad!.toArray()).toEqual([inf, nan]);
    expect(
      variable(make([0]))
        .log()
        .value.item(),
    ).toBe(-inf);
    expect(
      variable(make([-1]))
        .log()
        .value.item(),
    ).toBeNaN();
    expect(
      variable(make([-1]))
        .sqrt()
        .value.item(),
    ).toBeNaN();
  });
});
