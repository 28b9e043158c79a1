import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import type { NormClipOptions } from '../../src/extend.js';
import {
  adaGC,
  addWeightDecay,
  autoClip,
  ClipMonitor,
  capNormGrowth,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByGroupNorm,
  clipByTensorNorm,
  clipByValue,
  clipGradNorm,
  clipUnitwise,
  clipUpdateByRms,
  type DType,
  type GradientHook,
  type NonFinitePolicy,
  type Parameter,
  PerExampleClipping,
  type PerExampleOptions,
  skipNonFinite,
  skipSpikes,
  zClip,
} from '../../src/index.js';
import { context, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

type Device = 'webasm' | 'cpu';
const places: readonly (readonly [DType, Device])[] = [
  ['float32', 'webasm'],
  ['float32', 'cpu'],
  ['float64', 'webasm'],
];

async function apply(hook: GradientHook, parameters: readonly Parameter[], device?: Device) {
  const gradients = gradientsOf(parameters, device);
  return { report: await runHook(hook, gradients, context), gradients };
}

/** Gradients whose largest element is about `magnitude`, 1 to 3 tensors. */
const gradArrays = fc.array(
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
  { minLength: 1, maxLength: 3 },
);

function cosine(a: readonly number[], b: readonly number[]): number {
  const [maxA, maxB] = [a, b].map((v) => Math.max(...v.map(Math.abs))) as [number, number];
  const dot = a.reduce((sum, x, i) => sum + (x / maxA) * (b[i] / maxB), 0);
  return dot / (norm2(a.map((x) => x / maxA)) * norm2(b.map((x) => x / maxB)));
}

describe.each(places)('clipByGlobalNorm is exact, %s on %s', (dtype, device) => {
  const rounding = dtype === 'float32' ? 1e-6 : 1e-14;

  it('lands on the threshold and keeps the direction, or changes no bit, at any magnitude', async () => {
    await fc.assert(
      fc.asyncProperty(
        gradArrays,
        fc.integer({ min: -30, max: 30 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        async (arrays, exponent, ratio) => {
          const magnitude = 10 ** exponent;
          const parameters = arrays.map((array) =>
            parameterWith(
              array.map((x) => (Math.abs(x) < 1e-6 ? 0 : x * magnitude)),
              { dtype },
            ),
          );
          const before = parameters.map(gradOf);
          const norm = norm2(...before);
          fc.pre(norm > 0 && Math.abs(ratio - 1) > 1e-5);
          const { report, gradients } = await apply(clipByGlobalNorm(norm * ratio), parameters, device);
          const after = parameters.map(gradOf);
          expect(Math.abs(report.values.norm / norm - 1)).toBeLessThan(rounding);
          if (ratio > 1) {
            expect(after).toEqual(before);
            expect([report.clipped, report.values.scale, gradients.changed]).toEqual([false, 1, false]);
          } else {
            expect(Math.abs(norm2(...after) / (norm * ratio) - 1)).toBeLessThan(rounding);
            expect(Math.abs((await gradients.norm()) / (norm * ratio) - 1)).toBeLessThan(rounding);
            expect(cosine(before.flat(), after.flat())).toBeGreaterThan(1 - 1e-12);
            expect(report.clipped).toBe(true);
          }
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('clipped again, and by successive tightenings, is as clipped once', async () => {
    const start = Array.from({ length: 50 }, (_, i) => Math.sin(i + 1) * 10);
    const [many, once] = [parameterWith(start, { dtype }), parameterWith(start, { dtype })];
    for (let k = 50; k >= 1; k--) await apply(clipByGlobalNorm(k / 10), [many], device);
    await apply(clipByGlobalNorm(0.1), [once], device);
    const tolerance = 50 * rounding * 0.1;
    gradOf(many).forEach((x, i) => {
      expect(Math.abs(x - gradOf(once)[i])).toBeLessThan(tolerance);
    });
    const before = gradOf(once);
    await apply(clipByGlobalNorm(0.1), [once], device);
    gradOf(once).forEach((x, i) => {
      expect(Math.abs(x - before[i])).toBeLessThanOrEqual(rounding * Math.abs(before[i]));
    });
  });

  it.each([1e25, 3e37, 1e-42].filter((size) => dtype === 'float32' || size > 1))(
    'clips gradients of %d to the threshold instead of zeroing them',
    async (size) => {
      const parameters = [parameterWith([size, size, -size], { dtype }), parameterWith([size], { dtype })];
      const threshold = Math.min(1, size);
      const { report } = await apply(clipByGlobalNorm(threshold), parameters, device);
      const after = parameters.map(gradOf);
      // A subnormal is rounded to a multiple of 1.4e-45.
      const tolerance = size < 1e-38 ? 4e-45 / threshold : rounding;
      expect(Math.abs(norm2(...after) / threshold - 1)).toBeLessThan(tolerance);
      expect(after[0][2]).toBe(-after[0][0]);
      expect([report.clipped, after[0][0] > 0]).toEqual([true, true]);
    },
  );
});

describe('clipByGlobalNorm', () => {
  it('leaves a norm equal to the threshold; eps shrinks it, as in PyTorch', async () => {
    const exact = parameterWith([3, 4]);
    expect((await apply(clipByGlobalNorm(5), [exact])).report.clipped).toBe(false);
    expect(gradOf(exact)).toEqual([3, 4]);
    const { report } = await apply(clipByGlobalNorm(5, { eps: 1e-6 }), [exact]);
    expect([report.clipped, report.values.scale]).toEqual([true, 5 / (5 + 1e-6)]);
  });

  it('bounds other norms', async () => {
    for (const [p, want] of [
      [1, 7],
      [3, (27 + 64) ** (1 / 3)],
      [Number.POSITIVE_INFINITY, 4],
    ] as const) {
      const parameters = [parameterWith([3], { name: 'a' }), parameterWith([-4], { name: 'b' })];
      const { report, gradients } = await apply(clipByGlobalNorm(1, { p }), parameters);
      expect(report.values.norm).toBeCloseTo(want, 5);
      expect(await gradientsOf(parameters).norm(p)).toBeCloseTo(1, 5);
      expect(gradients.changed).toBe(true);
    }
  });

  it('at 0 leaves nothing, and 0 / 0 is 0', async () => {
    const [some, none] = [parameterWith([3, -4]), parameterWith([0, 0])];
    await apply(clipByGlobalNorm(0), [some]);
    expect(gradOf(some).map(Math.abs)).toEqual([0, 0]);
    expect((await apply(clipByGlobalNorm(0), [none])).report.clipped).toBe(false);
    expect(gradOf(none)).toEqual([0, 0]);
  });

  it('with nothing to clip clips nothing', async () => {
    const { report } = await apply(clipByGlobalNorm(1), [parameterWith(null, { size: 3 })]);
    expect(report).toEqual({
      hook: 'clipByGlobalNorm',
      clipped: false,
      values: { norm: 0, threshold: 1, scale: 1 },
    });
  });
});

describe('clipByTensorNorm', () => {
  it('bounds each gradient by its own norm and keeps its direction; the small one keeps its bits', async () => {
    const parameters = [parameterWith([3, 4]), parameterWith([0.1, 0.2]), parameterWith([1e25, 0])];
    const { report, gradients } = await apply(clipByTensorNorm(1), parameters);
    const after = parameters.map(gradOf);
    expect(after[0].map((x, i) => Math.abs(x - [0.6, 0.8][i]) < 1e-7)).toEqual([true, true]);
    expect(after[1]).toEqual([0.1, 0.2].map(Math.fround));
    expect(after[2]).toEqual([1, 0]);
    expect(report.values.clippedParameters).toBe(2);
    expect(report.values.norm).toBeCloseTo(1e25 * 1, -20);
    expect(await gradients.norm()).toBeCloseTo(Math.sqrt(1 + 0.05 + 1), 6);
  });

  it('takes the factors in the order of the parameters, those without a gradient left out', async () => {
    const parameters = [
      parameterWith(null, { size: 2 }),
      parameterWith([2]),
      parameterWith(null, { size: 1 }),
      parameterWith([8], { dtype: 'float64' }),
      parameterWith([4]),
    ];
    await apply(clipByTensorNorm(4), parameters);
    expect(parameters.filter(({ grad }) => grad).map(gradOf)).toEqual([[2], [4], [4]]);
  });

  it('may leave a global norm of √n thresholds', async () => {
    const parameters = [1, 2, 3, 4].map((x) => parameterWith([x * 100]));
    const { gradients } = await apply(clipByTensorNorm(0.5), parameters);
    expect(await gradients.norm()).toBeCloseTo(1, 6);
  });
});

describe('clipByValue', () => {
  it('bounds every element, and only those outside', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.float({ min: 0, max: 1e10, noNaN: true }),
        async (array, limit) => {
          const parameter = parameterWith(array);
          const { report } = await apply(clipByValue(limit), [parameter]);
          const want = array.map((x) => (Math.abs(x) > limit ? Math.sign(x) * limit : x));
          expect(gradOf(parameter)).toEqual(want);
          expect(report.values.clippedElements).toBe(array.filter((x) => Math.abs(x) > limit).length);
          expect(report.clipped).toBe(report.values.clippedElements > 0);
          expect((await apply(clipByValue(limit), [parameter])).report.clipped).toBe(false);
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });
});

describe('thresholds', () => {
  const makers = { clipByGlobalNorm, clipByTensorNorm } as const;

  it.each(Object.entries(makers))('%s takes a number ≥ 0', (name, make) => {
    const rule = `${name}: maxNorm must be a number ≥ 0 (Infinity: measure only) or a schedule, got`;
    for (const wrong of [-1, -1e-300, Number.NaN, Number.NEGATIVE_INFINITY, undefined] as number[]) {
      expect(() => make(wrong)).toThrow(`${rule} ${wrong}`);
    }
    expect(() => make('1' as unknown as number)).toThrow(`${rule} '1'`);
    expect(() => make(0)).not.toThrow();
  });

  it.each(Object.entries({ clipByGlobalNorm, clipByTensorNorm }))('%s checks its options', (name, make) => {
    expect(() => make(1, { p: 0 })).toThrow(`${name}: p must be a number > 0 or Infinity, got 0`);
    expect(() => make(1, { p: Number.NaN })).toThrow('got NaN');
    for (const eps of [-1e-6, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => make(1, { eps })).toThrow(`${name}: eps must be a finite number ≥ 0, got ${eps}`);
    expect(() => make(1, { nonFinite: 'zeros' as NonFinitePolicy })).toThrow(
      `${name}: nonFinite must be one of throw, skip, zero, propagate, got 'zeros'`,
    );
  });

  it.each(Object.entries(makers))('%s at Infinity measures only, even beside NaN', async (_, make) => {
    for (const grad of [
      [3e38, 1e-45, -2],
      [1, Number.NaN, Number.NEGATIVE_INFINITY],
    ]) {
      const parameter = parameterWith(grad);
      const before = gradOf(parameter);
      const measure = make as (threshold: number, options?: NormClipOptions) => GradientHook;
      const hook = measure(Number.POSITIVE_INFINITY, { nonFinite: 'propagate' });
      const { report, gradients } = await apply(hook, [parameter]);
      expect([gradOf(parameter), report.clipped, gradients.changed]).toEqual([before, false, false]);
    }
  });
});

describe('non-finite gradients', () => {
  const broken = (): Parameter[] => [
    parameterWith([3, -4], { name: 'fine' }),
    parameterWith([Number.NaN, 1, 2], { name: 'nan' }),
    parameterWith([0, Number.POSITIVE_INFINITY], { name: 'infinite' }),
  ];
  const bits = (parameters: readonly Parameter[]) =>
    parameters.map((p) => new Uint32Array(p.grad!.data().slice().buffer));

  it.each([clipByGlobalNorm, clipByTensorNorm])(
    'throw: %o names the parameters and changes no bit',
    async (make) => {
      const parameters = broken();
      const before = bits(parameters);
      for (const options of [{}, { nonFinite: 'throw' as const }]) {
        const hook = make(1, options);
        await expect(apply(hook, parameters)).rejects.toThrow(
          `${hook.name}: gradient of nan, infinite is not finite; fix its cause, or choose nonFinite: 'skip', 'zero' or 'propagate'`,
        );
      }
      expect(bits(parameters)).toEqual(before);
    },
  );

  it.each([clipByGlobalNorm, clipByTensorNorm])(
    'skip: %o ends the chain and changes no bit',
    async (make) => {
      const parameters = broken();
      const before = bits(parameters);
      const { report, gradients } = await apply(make(1, { nonFinite: 'skip' }), parameters);
      expect(gradients.skipped).toBe('gradient of nan, infinite is not finite');
      expect([bits(parameters), report.clipped, gradients.changed]).toEqual([before, false, false]);
    },
  );

  it('zero: those elements become 0, the rest is clipped as what it then is', async () => {
    const parameters = broken();
    const { report } = await apply(clipByGlobalNorm(1, { nonFinite: 'zero' }), parameters);
    const norm = norm2([3, 4, 1, 2]);
    expect(report.values.norm).toBeCloseTo(norm, 5);
    const want = [3, -4, 0, 1, 2, 0, 0].map((x) => x / norm);
    parameters.flatMap(gradOf).forEach((x, i) => {
      expect(x).toBeCloseTo(want[i], 6);
    });
  });

  it('zero: counts as a change where the rest lies below the threshold', async () => {
    for (const make of [clipByGlobalNorm, clipByTensorNorm]) {
      const parameters = broken();
      const { report, gradients } = await apply(make(100, { nonFinite: 'zero' }), parameters);
      expect([report.clipped, gradients.changed]).toEqual([true, true]);
      expect(parameters.map(gradOf)).toEqual([
        [3, -4],
        [0, 1, 2],
        [0, 0],
      ]);
    }
  });

  it('propagate: NaN spreads to all, and ∞ makes zeroes and a NaN, as in PyTorch', async () => {
    const [nan, infinite] = [broken().slice(0, 2), [broken()[0], broken()[2]]];
    await apply(clipByGlobalNorm(1, { nonFinite: 'propagate' }), nan);
    expect(nan.flatMap(gradOf).every(Number.isNaN)).toBe(true);
    await apply(clipByGlobalNorm(1, { nonFinite: 'propagate' }), infinite);
    expect(infinite.flatMap(gradOf).map((x) => Math.abs(x))).toEqual([0, 0, 0, Number.NaN]);
  });

  it('skipNonFinite skips, names them, and lets the finite through', async () => {
    const parameters = broken();
    const { report, gradients } = await apply(skipNonFinite(), parameters);
    expect(gradients.skipped).toBe('gradient of nan, infinite is not finite');
    expect(report.values).toEqual({ nonFiniteParameters: 2, inARow: 1 });
    const fine = await apply(skipNonFinite(), [parameterWith([3e38, 3e38])]);
    expect([fine.gradients.skipped, fine.report.values.nonFiniteParameters]).toEqual([null, 0]);
  });
});

describe('a norm of finite gradients beyond float64', () => {
  const huge = () => [parameterWith([1.7e308, 1.7e308], { name: 'a', dtype: 'float64' })];
  const message = 'the gradients are finite, but their norm is beyond float64; scale the loss down';

  it('is an error, and wipes out nothing', async () => {
    for (const nonFinite of ['throw', 'skip', 'zero', 'propagate'] as const) {
      for (const make of [clipByGlobalNorm, clipByTensorNorm]) {
        const parameters = huge();
        const hook = make(1, { nonFinite });
        const report = runHook(hook, gradientsOf(parameters), context);
        await expect(report).rejects.toThrow(
          `Gradients.${hook.name === 'clipByTensorNorm' ? 'scaleEach' : 'scale'}: ${message}`,
        );
        expect(gradOf(parameters[0])).toEqual([1.7e308, 1.7e308]);
      }
    }
    const parameters = huge();
    await expect(clipGradNorm(parameters, 1)).rejects.toThrow(`Gradients.scale: ${message}`);
    expect(gradOf(parameters[0])).toEqual([1.7e308, 1.7e308]);
  });

  it('may be measured, and the largest magnitude clipped', async () => {
    for (const make of [clipByGlobalNorm, clipByTensorNorm]) {
      const parameters = huge();
      await runHook(make(Number.POSITIVE_INFINITY), gradientsOf(parameters), context);
      expect(gradOf(parameters[0])).toEqual([1.7e308, 1.7e308]);
      await runHook(make(1, { p: Number.POSITIVE_INFINITY }), gradientsOf(parameters), context);
      for (const x of gradOf(parameters[0])) expect(x).toBeCloseTo(1, 12);
    }
    expect(await clipGradNorm(huge(), Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not taken for an infinite gradient, which spreads as in PyTorch', async () => {
    const parameters = [parameterWith([Number.POSITIVE_INFINITY, 1]), parameterWith([2])];
    await runHook(clipByGlobalNorm(1, { nonFinite: 'propagate' }), gradientsOf(parameters), context);
    expect(parameters.map(gradOf)).toEqual([[Number.NaN, 0], [0]]);
  });
});

describe('an option that a clipper does not have', () => {
  type Make = (amount: number, options: object) => unknown;
  const amounts: readonly Make[] = [
    adaGC,
    autoClip,
    capNormGrowth,
    clipByBlockRms,
    clipByGlobalNorm,
    clipByGroupNorm,
    clipByTensorNorm,
    clipUnitwise,
    zClip,
  ];
  it.each(amounts)('is named by %o', (make) => {
    expect(() => make(2, { nonfinite: 'skip' })).toThrow(
      `${make.name}: there is no option 'nonfinite'; the nearest is 'nonFinite'`,
    );
    expect(() => make(2, { nonFinite: undefined })).not.toThrow();
  });

  const alone: readonly (readonly [string, (options: object) => unknown])[] = [
    ['skipSpikes', (options) => skipSpikes(6, options)],
    ['clipUpdateByRms', (options) => clipUpdateByRms(1, options)],
    ['addWeightDecay', (options) => addWeightDecay(1, options)],
    ['ClipMonitor', (options) => new ClipMonitor(options)],
    ['PerExampleClipping', (options) => new PerExampleClipping([], options as PerExampleOptions)],
    ['clipByValue', (options) => clipByValue({ min: -1, max: 1, ...options })],
  ];
  it.each(alone)('is named by %s', (name, make) => {
    expect(() => make({ limitt: 2 })).toThrow(`${name}: there is no option 'limitt'; the nearest is`);
  });

  it('as a number is no option at all', () => {
    expect(() => skipSpikes(6, 10 as unknown as object)).toThrow(
      'skipSpikes: options must be an object with any of window, got the number 10; write { window: 10 }',
    );
  });
});
