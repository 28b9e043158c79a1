import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import {
  adaGC,
  autoClip,
  clipByGroupNorm,
  clipByValue,
  clipUnitwise,
  type GradientHook,
  type HookReport,
  Parameter,
  type StepContext,
  tensor,
  zClip,
} from '../../src/index.js';
import { RankedWindow } from '../../src/statistics/window.js';
import { context, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

async function apply(hook: GradientHook, parameters: readonly Parameter[], at: Partial<StepContext> = {}) {
  return runHook(hook, gradientsOf(parameters), { ...context, ...at });
}

/** What a hook says of one parameter with gradients of these norms. */
async function feed(hook: GradientHook, norms: readonly number[]): Promise<HookReport[]> {
  const reports: HookReport[] = [];
  for (const norm of norms) reports.push(await apply(hook, [parameterWith([norm], { name: 'w' })]));
  return reports;
}

/** A parameter of two axes with a gradient of the same shape. */
function matrix(
  values: readonly (readonly number[])[],
  grads: readonly (readonly number[])[],
  name = '',
): Parameter {
  const place = { dtype: 'float64', backend: 'reference' } as const;
  const parameter = new Parameter(
    tensor(
      values.map((row) => [...row]),
      place,
    ),
    name,
  );
  parameter.grad = tensor(
    grads.map((row) => [...row]),
    place,
  );
  return parameter;
}

describe('RankedWindow', () => {
  it('has the percentiles of the latest numbers, as sorting them anew would, and no more than fit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 100 }),
        (numbers, capacity, q) => {
          const window = new RankedWindow(capacity);
          for (const [i, number] of numbers.entries()) {
            window.push(number);
            const latest = numbers.slice(Math.max(0, i + 1 - capacity), i + 1);
            expect(window.toArray()).toEqual(latest);
            const sorted = latest.toSorted((a, b) => a - b);
            const position = ((latest.length - 1) * q) / 100;
            const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
            expect(window.percentile(q)).toBeCloseTo(low + (high - low) * (position % 1), 12);
          }
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  it('has none while it is empty', () => {
    expect(new RankedWindow(3).percentile(50)).toBeNaN();
  });
});

describe('autoClip', () => {
  it('remembers a window of norms, whatever the length of the run', async () => {
    const hook = autoClip(50, { window: 4 });
    const reports = await feed(hook, [100, 100, 100, 1, 2, 3, 4]);
    expect(hook.state!()).toEqual({ norms: [1, 2, 3, 4] });
    expect(reports.at(-1)!.values).toEqual({ norm: 4, threshold: 2.5, scale: 0.625 });
  });

  it('continues within a smaller window than a state was saved from', async () => {
    const [wide, narrow] = [autoClip(50, { window: 9 }), autoClip(50, { window: 2 })];
    await feed(wide, [1, 2, 3]);
    narrow.restore!(wide.state!());
    expect(narrow.state!()).toEqual({ norms: [2, 3] });
  });
});

describe('zClip', () => {
  it('says what it judged by, once the warm-up is over', async () => {
    const hook = zClip(2, { warmup: 2, sigmaEps: 0, maxNorm: Number.POSITIVE_INFINITY });
    const [first, , third] = await feed(hook, [1, 3, 6]);
    expect(first.values).toEqual({ norm: 1, threshold: Number.POSITIVE_INFINITY, scale: 1 });
    // μ = 2, σ = 1: z = 4 is twice the threshold, so that half of 2σ is added to μ.
    expect(third.values).toEqual({ norm: 6, threshold: 4, scale: 0.5, mean: 2, sigma: 1 });
  });

  it('learns a spike as clipped, or not at all', async () => {
    for (const [learnSpikes, mean] of [
      [true, 2.5],
      [false, 2],
    ] as const) {
      const hook = zClip(2, { warmup: 2, decay: 0.5, sigmaEps: 0, learnSpikes });
      await feed(hook, [1, 3, 6]);
      expect((hook.state!() as { spread: number[] }).spread[0]).toBe(mean);
    }
  });

  it('multiplies what a spike comes down to by its factor, and holds to maxNorm from the first step', async () => {
    const hook = zClip(2, { warmup: 2, sigmaEps: 0, maxNorm: 2.5, factor: 0.5 });
    const scales = (await feed(hook, [1, 5, 60])).map(({ values }) => values.scale);
    // μ = 3, σ = 2: z = 28.5, and half of 3 + 4 · 2 / 28.5.
    expect(scales).toEqual([1, 0.5, expect.closeTo((0.5 * (3 + 8 / 28.5)) / 60, 12)]);
  });
});

describe('adaGC', () => {
  it('starts a parameter that is first seen behind the warm-up at its norm, at most maxNorm', async () => {
    const hook = adaGC(2, { warmup: 1, maxNorm: 3 });
    const [old, late] = [() => parameterWith([1], { name: 'old' }), parameterWith([30], { name: 'late' })];
    await apply(hook, [old(), parameterWith(null, { name: 'late', size: 1 })]);
    await apply(hook, [old(), late]);
    expect(gradOf(late)).toEqual([3]);
    expect(hook.state!()).toEqual({ steps: 2, averages: { old: 1, late: expect.closeTo(3, 12) } });
  });

  it('is not closed for good by a gradient of zero', async () => {
    const hook = adaGC(2, { warmup: 2, maxNorm: 3 });
    const both = (a: number) => [parameterWith([a], { name: 'a' }), parameterWith([1], { name: 'b' })];
    for (const a of [0, 1, 0]) await apply(hook, both(a));
    const after = both(1);
    await apply(hook, after);
    expect(after.flatMap(gradOf)).toEqual([1, 1]);
  });
});

it.each([
  ['autoClip', () => autoClip()],
  ['zClip', () => zClip()],
  ['adaGC', () => adaGC()],
] as const)('%s does not remember gradients of zero', async (_, make) => {
  const [seen, unseen] = [make(), make()];
  await feed(seen, [0, 4, 0, 5, 0]);
  await feed(unseen, [4, 5]);
  expect(seen.state!()).toEqual(unseen.state!());
});

describe('clipUnitwise', () => {
  const values = [
    [3, 4],
    [6, 8],
  ];

  it('leaves what is excluded, by name', async () => {
    const [body, head] = ['body', 'head'].map((name) =>
      matrix(
        values,
        [
          [30, 40],
          [1, 0],
        ],
        name,
      ),
    );
    const exclude = (name: string) => name === 'head';
    const { values: said } = await apply(clipUnitwise(1, { exclude }), [body, head]);
    expect(said.clippedUnits).toBe(1);
    expect([gradOf(body), gradOf(head)]).toEqual([
      [3, 4, 1, 0],
      [30, 40, 1, 0],
    ]);
  });

  it('takes columns over all but the last axis', async () => {
    const parameter = matrix(values, [
      [30, 1],
      [60, 1],
    ]);
    await apply(clipUnitwise(1, { units: 'columns' }), [parameter]);
    const [a, b, c, d] = gradOf(parameter);
    expect([a / c, b, d]).toEqual([0.5, 1, 1]);
    expect(norm2([a, c])).toBeCloseTo(norm2([3, 6]), 12);
  });

  it('lets weights of zero leave zero, and takes a vector as one unit', async () => {
    const bias = parameterWith([3, 4], { values: [0, 0] });
    await apply(clipUnitwise(0.5, { floor: 2 }), [bias]);
    expect(norm2(gradOf(bias))).toBeCloseTo(1, 6);
  });

  it('follows a schedule', async () => {
    const hook = clipUnitwise((step) => 1 + step);
    for (const [step, want] of [
      [0, 5],
      [1, 10],
    ] as const) {
      const parameter = parameterWith([300, 400], { values: [3, 4] });
      await apply(hook, [parameter], { step });
      expect(norm2(gradOf(parameter))).toBeCloseTo(want, 4);
    }
  });
});

describe('clipByGroupNorm', () => {
  const pair = () => [parameterWith([3, 4]), parameterWith([6, 8])];

  it('holds each group to its own threshold, missing gradients and all', async () => {
    const [a, b] = pair();
    const none = parameterWith(null, { size: 2 });
    const { values } = await apply(clipByGroupNorm([1, (step) => 4 + step]), [a, none, b], {
      step: 1,
      groups: [[a], [none, b]],
    });
    expect([norm2(gradOf(a)), norm2(gradOf(b))]).toEqual([expect.closeTo(1, 6), expect.closeTo(5, 6)]);
    expect(values.clippedGroups).toBe(2);
    expect(none.grad).toBeNull();
  });

  it('wants as many thresholds as groups', async () => {
    const [a, b] = pair();
    await expect(apply(clipByGroupNorm([1]), [a, b], { groups: [[a], [b]] })).rejects.toThrow(
      'clipByGroupNorm: needs one maxNorm, or one for each group, got 1 for 2 groups',
    );
    expect(gradOf(a)).toEqual([3, 4]);
  });
});

describe('clipByValue', () => {
  it('takes bounds of its own for either side, rounded to the dtype, and a schedule', async () => {
    const array = [-3, -0.5, 0, 0.5, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    for (const [range, want, clipped] of [
      [{ min: -1, max: 0.1 }, [-1, -0.5, 0, 0.1, 0.1, 0.1, -1, Number.NaN], 5],
      [{ max: 2 }, [-3, -0.5, 0, 0.5, 2, 2, Number.NEGATIVE_INFINITY, Number.NaN], 2],
      [{ min: 0 }, [0, 0, 0, 0.5, 3, Number.POSITIVE_INFINITY, 0, Number.NaN], 3],
      [() => 2, [-2, -0.5, 0, 0.5, 2, 2, -2, Number.NaN], 4],
    ] as const) {
      const parameter = parameterWith(array);
      const { values } = await apply(clipByValue(range), [parameter]);
      expect(gradOf(parameter)).toEqual(want.map(Math.fround));
      expect(values.clippedElements).toBe(clipped);
      expect((await apply(clipByValue(range), [parameter])).clipped).toBe(false);
    }
  });

  it.each([
    [{ min: 1 }, '{ min: 1, max: Infinity }'],
    [{ max: -1 }, '{ min: -Infinity, max: -1 }'],
    [{ min: Number.NaN, max: 1 }, '{ min: NaN, max: 1 }'],
  ])('refuses %o', (range, said) => {
    expect(() => clipByValue(range)).toThrow(`clipByValue: needs min ≤ 0 ≤ max, got ${said}`);
    const gradients = gradientsOf([parameterWith([1])]);
    expect(() => gradients.clamp(range)).toThrow('Gradients.clamp: needs min ≤ 0 ≤ max');
  });

  it('refuses a schedule where it gives no threshold', async () => {
    const late = clipByValue((step) => (step === 7 ? -1 : 1));
    await expect(runHook(late, gradientsOf([parameterWith([1])]), { ...context, step: 7 })).rejects.toThrow(
      'clipByValue: a schedule must give a number ≥ 0 (Infinity: measure only), got -1 at step 7',
    );
  });
});
