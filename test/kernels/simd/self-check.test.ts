import { describe, expect, it } from 'vitest';
import { loadKernels, relaxedSimd, WideCheck, wideVectors } from '../../../kernels/simd/load.js';
import { resultsOf, SELF_CHECK_PAGES, sameResults, units } from '../../../kernels/simd/self-check.js';

const load = (options = {}) => loadKernels({ pages: SELF_CHECK_PAGES, ...options });

describe('the self-check of 256-bit kernels', () => {
  it('has a unit for every kernel', () => {
    expect(new Set(units.map((unit) => unit.split(' ')[0]))).toEqual(new Set(Object.keys(load().exports)));
  });

  it('finds the same results in two loads of one build', () => {
    const [first, second] = [load(), load()];
    for (const unit of units)
      expect(sameResults(resultsOf(first, unit), resultsOf(second, unit)), unit).toBe(true);
  });

  it.skipIf(!relaxedSimd())('finds the other roundings of fused multiply-adds', () => {
    const [plain, fused] = [load(), load({ relaxed: true })];
    expect(sameResults(resultsOf(plain, 'matmul'), resultsOf(fused, 'matmul'))).toBe(false);
  });

  it.each(units)('notices a %s that is wrong in one place', (unit) => {
    const { exports, memory } = load();
    const right = resultsOf({ exports, memory }, unit);
    const name = unit.split(' ')[0]!;
    const ints = new Int32Array(memory.buffer);
    const wrong = {
      ...exports,
      [name]: (...args: number[]) => {
        const result = (exports as unknown as Record<string, (...args: number[]) => number>)[name]!(...args);
        // The first place that is written.
        ints[(64 + 8 * (1 << 14)) / 4]! ^= 1;
        return result;
      },
    };
    expect(sameResults(right, resultsOf({ exports: wrong, memory }, unit))).toBe(false);
  });

  it('takes 256 bits where V8 can pack, and nowhere else', () => {
    const can = process.arch === 'x64' && Number.parseFloat(process.versions.v8) >= 13.6;
    expect(wideVectors()).toBe(can);
    if (!can) expect(() => new WideCheck()).toThrow('ask wideVectors() first');
  });

  it
    .skipIf(!wideVectors())
    .each(
      [{}, { shared: true }, { relaxed: true }, { relaxed: true, shared: true }].map((options) => [options]),
    )('passes every kernel here, %j', (options) => {
    const check = new WideCheck(options);
    expect(units.filter((unit) => !check.passes(unit))).toEqual([]);
  });
});
