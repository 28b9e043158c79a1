import { describe, expect, it } from 'vitest';
import {
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  norm,
  softmax,
  sum,
  type Tensor,
  tensor,
  variable,
  variance,
  zeros,
} from '../../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const make = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, double);

describe('reductions name themselves where an axis is wrong:', () => {
  it.each(Object.entries({ sum, mean, max, min, variance, norm }))('%s', (name, op) => {
    expect(() => op(make([1, 2]), { axis: 1 })).toThrow(`${name}: axis must be an integer in -1 … 0, got 1`);
    expect(() => op(make([[1]]), { axis: [0, -2] })).toThrow(`${name}: each axis may be named once`);
  });

  it.each(Object.entries({ max, min }))('%s of nothing', (name, op) => {
    expect(() => op(zeros([2, 0], double), { axis: 1 })).toThrow(
      `${name}: an empty axis has no ${name}imum, got shape [2, 0]`,
    );
  });

  it.each(Object.entries({ softmax, logSoftmax, logSumExp }))('%s', (name, op) => {
    expect(() => op(make([1, 2]), { axis: 1 })).toThrow(`${name}: axis must be an integer in -1 … 0, got 1`);
    expect(() => op(zeros([2, 0], double))).toThrow(
      `${name}: an empty axis has no maximum, got shape [2, 0]`,
    );
  });
});

describe('reductions', () => {
  it('over all axes, one, some, kept or dropped', () => {
    const x = make([
      [1, 2],
      [3, 6],
    ]);
    expect(sum(x).item()).toBe(12);
    expect(mean(x, { axis: 0 }).value.toArray()).toEqual([2, 4]);
    expect(max(x, { axis: -1, keepDims: true }).value.toArray()).toEqual([[2], [6]]);
    expect(min(x, { axis: [0, 1] }).item()).toBe(1);
    expect(variance(x, { axis: 1 }).value.toArray()).toEqual([0.25, 2.25]);
    expect(norm(make([3, 4])).item()).toBe(5);
  });

  it('max and min share the gradient among ties', () => {
    const x = variable(make([2, 2, 1]));
    max(x).backward();
    expect(x.grad!.toArray()).toEqual([0.5, 0.5, 0]);
    const y = variable(make([2, 1, 1]));
    min(y).backward();
    expect(y.grad!.toArray()).toEqual([0, 0.5, 0.5]);
  });

  it('NaN anywhere is NaN, the norm of 0 has gradient 0', () => {
    for (const op of [sum, mean, max, min, variance, norm])
      expect(op(make([1, Number.NaN])).item()).toBeNaN();
    const x = variable(zeros([3], double));
    norm(x).backward();
    expect(x.grad!.toArray()).toEqual([0, 0, 0]);
  });

  it('nothing: sum is 0, mean is NaN, the extremes are errors', () => {
    const none = zeros([0], double);
    expect(sum(none).item()).toBe(0);
    expect(mean(none).item()).toBeNaN();
    expect(() => max(none)).toThrow('max: an empty axis has no maximum, got shape [0]');
    expect(() => min(none)).toThrow('an empty axis has no');
  });
});
