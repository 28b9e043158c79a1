import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { allocateArray, dtypeOf, makeView } from '../../src/tensor/view.js';

describe('makeView', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('gives what the ndarray factory gives, rank %i', (rank) => {
    const shape = [2, 3, 1, 2, 2, 1].slice(0, rank);
    const stride = [1, 2, 7, 6, 12, 24].slice(0, rank);
    for (const dtype of ['float32', 'float64'] as const) {
      const data = allocateArray(dtype, 100).map((_, i) => i) as Float32Array;
      const ours = makeView(data, shape, stride, 5);
      const theirs = ndarray(data, shape, stride, 5);
      expect(ours.shape).toEqual(theirs.shape);
      expect(ours.stride).toEqual(theirs.stride);
      expect(ours.dtype).toBe(dtype);
      expect(ours.dimension).toBe(rank === 0 ? 0 : theirs.dimension);
      const last = shape.map((length) => length - 1);
      expect(ours.get(...last)).toBe(theirs.get(...last));
      expect(ours.data).toBe(data);
    }
  });

  it('has the methods of the library', () => {
    const view = makeView(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 3], [3, 1], 0);
    expect(view.pick(1, null).get(2)).toBe(5);
    expect(view.transpose(1, 0).get(2, 1)).toBe(5);
  });
});

it('dtypes and their arrays', () => {
  expect(dtypeOf(new Float32Array(1))).toBe('float32');
  expect(dtypeOf(new Float64Array(1))).toBe('float64');
  expect(allocateArray('float32', 3)).toEqual(new Float32Array(3));
  expect(allocateArray('float64', 3)).toEqual(new Float64Array(3));
});
