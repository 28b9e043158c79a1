import { describe, expect, it } from 'vitest';
import { countIn, namedNumbersIn, numbersIn } from '../../src/clip/state.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('a saved state', () => {
  it('gives counts, numbers and named numbers, copied', () => {
    const state = { n: 3, xs: [1, -2.5], by: { a: 1, b: 0 } };
    expect(countIn('hook', state, 'n')).toBe(3);
    const [xs, by] = [numbersIn('hook', state, 'xs'), namedNumbersIn('hook', state, 'by')];
    xs.push(9);
    by.set('c', 9);
    expect([xs, [...by]]).toEqual([
      [1, -2.5, 9],
      [
        ['a', 1],
        ['b', 0],
        ['c', 9],
      ],
    ]);
    expect(state).toEqual({ n: 3, xs: [1, -2.5], by: { a: 1, b: 0 } });
  });

  it.each([
    [countIn, [undefined, null, -1, 1.5, nan, '3'], 'an integer ≥ 0'],
    [numbersIn, [undefined, null, 3, {}, [nan], [1, inf], [1, null], ['1']], 'a list of finite numbers'],
    [
      namedNumbersIn,
      [undefined, null, 3, [1], { a: nan }, { a: null }, { a: '1' }],
      'finite numbers by name',
    ],
  ] as const)('is refused where it holds something else: %o', (read, values, rule) => {
    for (const value of values) {
      expect(() => read('hook', { key: value }, 'key')).toThrow(
        new Error(`hook: key of a saved state must be ${rule}; give restore() what state() returned`),
      );
    }
  });
});
