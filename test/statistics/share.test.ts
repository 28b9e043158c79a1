import { describe, expect, it } from 'vitest';
import { runningShare, shareOf } from '../../src/statistics/share.js';

describe('shares', () => {
  it('are a count divided by the whole, and 0 of nothing', () => {
    expect([shareOf(1, 4), shareOf(0, 0)]).toEqual([0.25, 0]);
  });

  it('run over the last entries, at first over those that there are', () => {
    expect(runningShare([true, true, false, false], 2)).toEqual([1, 1, 0.5, 0]);
    expect(runningShare([false, true, true], 100)).toEqual([0, 1 / 2, 2 / 3]);
  });
});
