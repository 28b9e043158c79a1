import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broadcastShapes,
  checkShape,
  formatShape,
  inferShape,
  isContiguous,
  normalizeAxes,
  normalizeAxis,
  rowMajorStrides,
  ShapeError,
  sameShape,
  sizeOf,
} from '../../src/tensor/shape.js';
import { check } from './support.js';

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 });

describe('sizes and strides', () => {
  it('a scalar has one element, an empty axis none', () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([3, 0, 2])).toBe(0);
    expect(sizeOf([2, 3, 4])).toBe(24);
  });

  it('row-major strides count elements from the back, and are contiguous', () => {
    expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
    check(fc.property(shapes, (shape) => isContiguous(shape, rowMajorStrides(shape))));
  });

  it('axes of length 1 may have any stride; gaps, reversals and repeats are not contiguous', () => {
    expect(isContiguous([2, 1, 3], [3, 99, 1])).toBe(true);
    expect(isContiguous([2, 3], [1, 2])).toBe(false);
    expect(isContiguous([3], [-1])).toBe(false);
    expect(isContiguous([3], [2])).toBe(false);
    expect(isContiguous([2, 3], [0, 1])).toBe(false);
  });

  it('formatShape and sameShape', () => {
    expect(formatShape([2, 3])).toBe('[2, 3]');
    expect(formatShape([])).toBe('[]');
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
  });
});

describe('broadcastShapes is NumPy’s rule', () => {
  it('aligns right, stretches 1, keeps empty axes', () => {
    expect(broadcastShapes('add', [2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
    expect(broadcastShapes('add', [], [2])).toEqual([2]);
    expect(broadcastShapes('add', [1], [0])).toEqual([0]);
  });

  it('is symmetric, and idempotent on its result', () => {
    check(
      fc.property(shapes, fc.gen(), (shape, draw) => {
        const drop = draw(fc.integer, { min: 0, max: shape.length });
        const other = shape.slice(drop).map((length) => (draw(fc.boolean) ? 1 : length));
        expect(broadcastShapes('f', shape, other)).toEqual(shape);
        expect(broadcastShapes('f', other, shape)).toEqual(shape);
      }),
    );
  });
});

describe('axes', () => {
  it('count from either end', () => {
    expect([0, 1, 2, -1, -2, -3].map((axis) => normalizeAxis('f', axis, 3))).toEqual([0, 1, 2, 2, 1, 0]);
  });

  it('one, a list, or all', () => {
    expect(normalizeAxes('f', undefined, 3)).toEqual([0, 1, 2]);
    expect(normalizeAxes('f', -1, 3)).toEqual([2]);
    expect(normalizeAxes('f', [2, -3], 3)).toEqual([2, 0]);
    expect(normalizeAxes('f', [], 3)).toEqual([]);
  });
});

describe('every error says function, rule and what it got', () => {
  it.each([
    [() => checkShape('zeros', [2, -1]), 'zeros: lengths must be integers ≥ 0, got [2, -1]'],
    [() => checkShape('zeros', [1.5]), 'zeros: lengths must be integers ≥ 0, got [1.5]'],
    [() => checkShape('zeros', [Number.NaN]), 'zeros: lengths must be integers ≥ 0, got [NaN]'],
    [
      () => broadcastShapes('add', [2, 3], [2]),
      'add: shapes must broadcast (equal or 1, aligned right), got [2, 3] and [2]',
    ],
    [() => normalizeAxis('sum', 2, 2), 'sum: axis must be an integer in -2 … 1, got 2'],
    [() => normalizeAxis('sum', -3, 2), 'sum: axis must be an integer in -2 … 1, got -3'],
    [() => normalizeAxis('sum', 0.5, 2), 'sum: axis must be an integer in -2 … 1, got 0.5'],
    [() => normalizeAxis('sum', 0, 0), 'sum: a scalar has no axes, got axis 0'],
    [() => normalizeAxes('sum', [0, -2], 2), 'sum: each axis may be named once, got [0, 0]'],
    [() => inferShape('reshape', [4], 6), 'reshape: 6 elements do not fit shape [4]'],
    [() => inferShape('reshape', [2, 3.5], 7), 'reshape: 7 elements do not fit shape [2, 3.5]'],
  ])('%#', (call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });
});
