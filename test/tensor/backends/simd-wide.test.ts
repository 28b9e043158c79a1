import { describe, expect, it } from 'vitest';
import { BINARY, UNARY } from '../../../kernels/simd/kernels.js';
import { loadKernels } from '../../../kernels/simd/load.js';
import { checkedKernels } from '../../../src/tensor/backends/simd-wide.js';

/** Kernels behind checks that note what they are asked, of which `wrong` fails; `narrow` marks what it computes with −0.5. */
function setUp(wrong = '') {
  const { exports, memory } = loadKernels();
  const asked: string[] = [];
  const narrow = { ...exports, maxAbs: () => -0.5, unary: () => numbers.fill(-0.5, 0, 4) };
  const numbers = new Float32Array(memory.buffer, 64, 8);
  numbers.set([1, 4, 9, 16]);
  const kernels = checkedKernels(
    exports,
    (unit) => {
      asked.push(unit);
      return unit !== wrong;
    },
    () => narrow as unknown as typeof exports,
  );
  return { kernels, numbers, asked };
}

describe('kernels that are checked before they are used', () => {
  it('are checked by their first call, once', () => {
    const { kernels, asked } = setUp();
    expect(asked).toEqual([]);
    expect([kernels.maxAbs(64, 4), kernels.maxAbs(64, 4)]).toEqual([16, 16]);
    kernels.scaleBlock(64, 4, 2);
    expect(asked).toEqual(['maxAbs', 'scaleBlock']);
  });

  it('are checked function by function where one kernel holds many', () => {
    const { kernels, numbers, asked } = setUp();
    kernels.unary(UNARY.sqrt, 64, 64, 4);
    kernels.unary(UNARY.sqrt, 64, 64, 4);
    kernels.binary(BINARY.add, 64, 0, 1, 64, 0, 1, 64, 0, 1, 1, 2);
    // √√ of 1 and 4, of 9 and 16; the first two then doubled.
    expect(numbers[0]).toBe(2);
    expect(numbers[3]).toBe(2);
    expect(asked).toEqual([`unary ${UNARY.sqrt}`, `binary ${BINARY.add}`]);
  });

  it.each(['maxAbs', `unary ${UNARY.exp}`])(
    'give way to the narrow ones, all of them, once %s is wrong',
    (wrong) => {
      const { kernels, numbers, asked } = setUp(wrong);
      kernels.scaleBlock(64, 4, 2);
      if (wrong === 'maxAbs') expect(kernels.maxAbs(64, 4)).toBe(-0.5);
      else kernels.unary(UNARY.exp, 64, 64, 4);
      const before = asked.length;
      expect(kernels.maxAbs(64, 4)).toBe(-0.5);
      kernels.unary(UNARY.sqrt, 64, 64, 4);
      expect([...numbers.slice(0, 4)]).toEqual([-0.5, -0.5, -0.5, -0.5]);
      expect(asked).toHaveLength(before);
    },
  );
});
