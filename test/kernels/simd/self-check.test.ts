import { describe, expect, it } from 'vitest';
import { loadKernels, relaxedSimd, wideVectors } from '../../../kernels/simd/load.js';
import { resultsOf, SELF_CHECK_PAGES, sameResults } from '../../../kernels/simd/self-check.js';

const load = (options = {}) => loadKernels({ pages: SELF_CHECK_PAGES, ...options });

describe('the self-check of 256-bit kernels', () => {
  it('finds the same results in two loads of one build', () => {
    const [first, second] = [load(), load()].map(({ exports, memory }) => resultsOf(exports, memory));
    expect(first!.length).toBeGreaterThan(100);
    expect(sameResults(first!, second!)).toBe(true);
  });

  it.skipIf(!relaxedSimd())('finds the other roundings of fused multiply-adds', () => {
    const [plain, fused] = [load(), load({ relaxed: true })].map(({ exports, memory }) =>
      resultsOf(exports, memory),
    );
    expect(sameResults(plain!, fused!)).toBe(false);
  });

  it.each(Object.keys(load().exports))('notices a %s that is wrong in one place', (name) => {
    const { exports, memory } = load();
    const right = resultsOf(exports, memory);
    const ints = new Int32Array(memory.buffer);
    const wrong = {
      ...exports,
      [name]: (...args: number[]) => {
        const result = (exports as unknown as Record<string, (...args: number[]) => number>)[name]!(...args);
        // The first place that is written.
        ints[(4096 + 8 * (1 << 14)) / 4]! ^= 1;
        return result;
      },
    };
    expect(sameResults(right, resultsOf(wrong, memory))).toBe(false);
  });

  it('takes 256 bits where V8 can pack, and nowhere else', () => {
    const can = process.arch === 'x64' && Number.parseFloat(process.versions.v8) >= 13.6;
    expect(wideVectors()).toBe(can);
  });
});
