import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Range, resolveRange } from '../../src/tensor/range.js';
import { ShapeError } from '../../src/tensor/shape.js';
import { check, positions } from './support.js';

const bound = fc.option(fc.integer({ min: -9, max: 9 }));

describe('resolveRange is Python’s slice', () => {
  it('for every start, stop and step', () => {
    check(
      fc.property(
        fc.integer({ min: 0, max: 6 }),
        bound,
        bound,
        fc.constantFrom(-4, -3, -2, -1, 1, 2, 3, 4),
        (length, from, to, step) => {
          const found = resolveRange([from, to, step], length);
          const taken = Array.from({ length: found.length }, (_, i) => found.start + i * found.step);
          expect(taken).toEqual(positions(length, from, to, step));
        },
      ),
      1000,
    );
  });

  it.each<[Range, number, number[]]>([
    [[], 3, [0, 1, 2]],
    [[1], 3, [1, 2]],
    [[null, -1], 3, [0, 1]],
    [[null, null, -1], 3, [2, 1, 0]],
    [[2, 0, -1], 3, [2, 1]],
    [[5, 9], 3, []],
  ])('%j of %i', (range, length, expected) => {
    const found = resolveRange(range, length);
    expect(Array.from({ length: found.length }, (_, i) => found.start + i * found.step)).toEqual(expected);
  });

  it.each<[Range, string]>([
    [[0, 1, 0], 'slice: step must be a non-zero integer, got 0'],
    [[0, 1, 1.5], 'slice: step must be a non-zero integer, got 1.5'],
    [[Number.NaN], 'slice: start and stop must be integers, or null for the end, got NaN'],
    [[0, 1.5], 'slice: start and stop must be integers, or null for the end, got 1.5'],
  ])('refuses %j', (range, message) => {
    expect(() => resolveRange(range, 3)).toThrow(ShapeError);
    expect(() => resolveRange(range, 3)).toThrow(message);
  });
});
