import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError, zeros } from '../../src/index.js';
import { concatTensors } from '../../src/tensor/concat.js';
import { check, counting, flatten, type Model } from './support.js';

describe('concatTensors', () => {
  it('joins any tensors along any axis, strided ones too', () => {
    check(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.boolean(),
        (base, along, pick, reversed) => {
          const axis = pick % base.length;
          const pairs = along.map((n) => counting(base.map((length, i) => (i === axis ? n : length))));
          const parts = pairs.map(([x]) => (reversed ? x.slice([[null, null, -1]]) : x));
          const models = pairs.map(([, { shape, at }]): Model => {
            if (!reversed) return { shape, at };
            return { shape, at: ([first, ...rest]) => at([shape[0] - 1 - first!, ...rest]) };
          });
          const joined = concatTensors(parts, axis - (pick % 2 ? base.length : 0));
          const at = (index: readonly number[]): number => {
            let i = index[axis];
            let k = 0;
            for (; i >= models[k].shape[axis]; k++) i -= models[k].shape[axis];
            return models[k].at(index.with(axis, i));
          };
          const shape = base.map((length, i) => (i === axis ? along.reduce((a, b) => a + b) : length));
          expect(joined.shape).toEqual(shape);
          expect(Array.from(joined.data())).toEqual(flatten({ shape, at }));
        },
      ),
    );
  });

  it.each([
    [() => concatTensors([], 0), 'concat: needs at least one tensor, got none'],
    [() => concatTensors([zeros([])], 0), 'concat: a scalar has no axes, got axis 0'],
    [() => concatTensors([zeros([2])], 1), 'concat: axis must be an integer in -1 … 0, got 1'],
    [
      () => concatTensors([zeros([2, 3]), zeros([2, 2])], 0),
      'concat: shapes must agree except along axis 0, got [2, 3], [2, 2]',
    ],
    [
      () => concatTensors([zeros([2, 3]), zeros([2])], 0),
      'concat: shapes must agree except along axis 0, got [2, 3], [2]',
    ],
  ])('refuses %#', (call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });

  it('refuses mixed dtypes', () => {
    const options = { dtype: 'float64', backend: 'reference' } as const;
    const single = zeros([2], { backend: 'reference' });
    expect(() => concatTensors([single, zeros([2], options)], 0)).toThrow(
      "concat: operands must share dtype and backend, got float32 on reference and float64 on reference; convert one with .to('float32', 'reference')",
    );
  });
});
