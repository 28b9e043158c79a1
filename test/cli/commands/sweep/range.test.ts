import { describe, expect, it } from 'vitest';
import { expandSpec, parseRange } from '../../../../cli/commands/sweep/range.js';

describe('ranges', () => {
  it.each([
    ['0.5', [0.5]],
    ['0.01,0.1', [0.01, 0.1]],
    ['0.1..10x3', [0.1, 1, 10]],
    ['0.01..1x5', [0.01, 0.03162, 0.1, 0.3162, 1]],
    ['1e-3..1e3x2', [1e-3, 1e3]],
  ])('%s', (text, numbers) => {
    expect(parseRange(text)).toEqual(numbers);
  });

  it.each(['', 'a', '1..', '1..2', '2..1x3', '0..1x3', '1..2x1', '1,,2', '-1', 'NaN', '1..2x3x4'])(
    "'%s' is none",
    (text) => {
      expect(parseRange(text)).toBeNull();
    },
  );

  it.each([
    ['none', ['none']],
    ['norm:1:p=inf', ['norm:1:p=inf']],
    ['norm:0.1..10x3:p=inf', ['norm:0.1:p=inf', 'norm:1:p=inf', 'norm:10:p=inf']],
    ['value:0.5,2', ['value:0.5', 'value:2']],
    ['norm:2..1x3', null],
  ])('of the spec %s', (text, specs) => {
    expect(expandSpec(text)).toEqual(specs);
  });
});
