import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockLayout, packRanges, padded, SEGMENT_LENGTH } from '../../../kernels/gpu/layout.js';

describe('blockLayout', () => {
  it('cuts a tensor into segments and leaves gaps and unlisted tensors out', () => {
    const layout = blockLayout([
      { offset: 16, length: 3 },
      { offset: 0, length: 0 },
      { offset: 64, length: 1025 },
    ]);
    expect(layout.extent).toBe(64 + 1032);
    expect(layout.segmentCount).toBe(3);
    expect([...layout.segments]).toEqual([2, 3, 8, 136, 136, 137]);
    expect([...layout.firstSegment]).toEqual([0, 1, 1, 3]);
  });

  it('covers every padded tensor exactly once, in segments that belong to one tensor', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { maxLength: 40 }), (lengths) => {
        const layout = blockLayout(packRanges(lengths));
        const covered = new Uint8Array(layout.extent);
        for (let s = 0; s < layout.segmentCount; s++) {
          const [start, end] = [layout.segments[2 * s] * 8, layout.segments[2 * s + 1] * 8];
          const owner = layout.firstSegment.findLastIndex((first) => first <= s);
          const { offset, length } = layout.tensors[owner];
          expect(end - start).toBeGreaterThan(0);
          expect(end - start).toBeLessThanOrEqual(SEGMENT_LENGTH);
          expect(start).toBeGreaterThanOrEqual(offset);
          expect(end).toBeLessThanOrEqual(offset + padded(length));
          for (let i = start; i < end; i++) covered[i]++;
        }
        expect(covered.every((times) => times === 1)).toBe(true);
        expect(layout.extent).toBe(lengths.reduce((sum, length) => sum + padded(length), 0));
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('does not follow later changes of the list it was given', () => {
    const ranges = [{ offset: 0, length: 8 }];
    const layout = blockLayout(ranges);
    ranges[0].length = 4;
    expect(layout.tensors[0].length).toBe(8);
  });

  it.each([
    [
      { offset: 4, length: 1 },
      'blockLayout: an offset must be a multiple of 8, got offset 4, length 1 for tensor 1',
    ],
    [{ offset: -8, length: 1 }, 'blockLayout: an offset must be a multiple of 8, got offset -8'],
    [
      { offset: 8, length: 1.5 },
      'blockLayout: a length must be a whole number ≥ 0, got offset 8, length 1.5',
    ],
    [{ offset: 8, length: Number.NaN }, 'blockLayout: a length must be a whole number'],
    [{ offset: 2 ** 27, length: 8 }, 'blockLayout: a block ends at 134217728 elements'],
  ])('rejects %o', (range, message) => {
    expect(() => blockLayout([{ offset: 0, length: 1 }, range])).toThrow(message);
  });
});
