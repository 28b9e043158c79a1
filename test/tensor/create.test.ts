import { describe, expect, it } from 'vitest';
import { eye, full, fullLike, type NestedArray, ones, ShapeError, tensor, zeros } from '../../src/index.js';

describe('tensor', () => {
  it('reads nested arrays, float32 unless told', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([x.shape, x.dtype]).toEqual([[2, 3], 'float32']);
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(tensor([0.1], { dtype: 'float64', backend: 'reference' }).toArray()).toEqual([0.1]);
    expect(tensor(0.1).item()).toBe(Math.fround(0.1));
  });

  it('reads scalars, empty and deep ones', () => {
    expect(tensor(7).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([[[[[1]]]], [[[[2]]]]]).shape).toEqual([2, 1, 1, 1, 1]);
  });

  it('reads flat numbers and a shape, from any array-like, and copies them', () => {
    const source = Float64Array.of(1, 2, 3, 4);
    const x = tensor(source, { shape: [2, 2] });
    source[0] = 9;
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(Int8Array.of(-1, 1)).toArray()).toEqual([-1, 1]);
    expect(tensor([1, 2, 3, 4], { shape: [4, 1] }).shape).toEqual([4, 1]);
  });

  it.each<[unknown, string]>([
    [[[1, 2], [3]], 'tensor: rows must have equal lengths, got [2] beside [1]'],
    [[[1], [[2]]], 'tensor: rows must be all numbers or all arrays, got both'],
    [[1, [2]], 'tensor: rows must be all numbers or all arrays, got both'],
    [[1, null, '3'], 'tensor: elements must be numbers or arrays of numbers, got null'],
    ['123', "tensor: elements must be numbers or arrays of numbers, got the string '123'"],
    [[[1, 2], 3], 'tensor: rows must have equal lengths, got [2] beside []'],
    [new Array(2), 'tensor: elements must be numbers or arrays of numbers, got undefined'],
    [['1'], "tensor: elements must be numbers or arrays of numbers, got the string '1'"],
    [null, 'tensor: elements must be numbers or arrays of numbers, got null'],
    [{}, 'tensor: elements must be numbers or arrays of numbers, got an empty object'],
  ])('refuses %j', (values, message) => {
    expect(() => tensor(values as NestedArray)).toThrow(ShapeError);
    expect(() => tensor(values as NestedArray)).toThrow(message);
  });

  it('refuses big integers, and arrays that do not fill the shape that is asked for', () => {
    const big = BigInt64Array.of(3n) as unknown as number[];
    expect(() => tensor(big)).toThrow(
      'tensor: elements must be numbers or arrays of numbers, got the bigint 3',
    );
    const shape = [3];
    const parsed = JSON.parse('[null, 1, "3"]') as number[];
    expect(() => tensor(parsed, { shape })).toThrow(
      'tensor: elements must be numbers or arrays of numbers, got null',
    );
    expect(() => tensor([[1, 2], [3]], { shape: [2, 2] })).toThrow('tensor: rows must have equal lengths');
    expect(() => tensor([[1, 2, 3]], { shape })).toThrow(
      'tensor: nested arrays must have the shape that is asked for, got [1, 3] for [3]',
    );
  });

  it('keeps the precision of a Float64Array, unless told', () => {
    expect(tensor(Float64Array.of(0.1)).item()).toBe(0.1);
    expect(tensor(Float64Array.of(0.1), { dtype: 'float32' }).item()).toBe(Math.fround(0.1));
    expect(tensor(Float32Array.of(0.1)).dtype).toBe('float32');
  });

  it('refuses shapes that the numbers do not fill', () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow('tensor: shape [2, 2] holds 4 numbers, got 3');
    expect(() => tensor([1], { shape: [-1] })).toThrow('tensor: lengths must be integers ≥ 0, got [-1]');
  });

  it('refuses unknown backends and dtypes, listing the known ones', () => {
    expect(() => tensor([1], { backend: 'abacus' })).toThrow(
      /^backend: must be one of .*reference.*, got 'abacus'$/,
    );
    expect(() => tensor([1], { dtype: 'int8' as 'float32', backend: 'reference' })).toThrow(
      "tensor: dtype must be float32 or float64, got 'int8'",
    );
  });
});

describe('constant tensors', () => {
  it('zeros, ones, full, eye', () => {
    expect(zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(ones([3]).toArray()).toEqual([1, 1, 1]);
    expect(full([2], 2.5).toArray()).toEqual([2.5, 2.5]);
    expect(full([], Number.NaN).item()).toBeNaN();
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(zeros([0, 4]).size).toBe(0);
  });

  it('fullLike follows dtype and backend', () => {
    const like = zeros([2], { dtype: 'float64', backend: 'reference' });
    expect(fullLike(like, 3).toArray()).toEqual([3, 3]);
    expect(fullLike(like, 3, [1, 1]).shape).toEqual([1, 1]);
    expect([fullLike(like, 3).dtype, fullLike(like, 3).backend.name]).toEqual(['float64', 'reference']);
  });

  it.each([
    ['zeros', () => zeros([-1])],
    ['ones', () => ones([-1])],
    ['full', () => full([-1], 2)],
    ['fullLike', () => fullLike(zeros([1]), 2, [-1])],
  ])('%s names itself when a length is negative', (name, call) => {
    expect(call).toThrow(`${name}: lengths must be integers ≥ 0, got [-1]`);
  });
});
