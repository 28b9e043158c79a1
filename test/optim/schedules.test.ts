import { describe, expect, it } from 'vitest';
import {
  Adam,
  clipByGlobalNorm,
  constantSchedule,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  inSequence,
  linearRamp,
  multiStepDecay,
  oneCycle,
  productOfSchedules,
  type Schedule,
  SGD,
  stepDecay,
} from '../../src/index.js';
import { parameterWith } from '../clip/support.js';
import { loadGolden, worstError } from '../golden/load.js';

interface GoldenSchedule {
  readonly name: string;
  readonly rates: readonly number[];
}

/** The golden cases, in our words: base rate 0.1. */
const golden: Readonly<Record<string, Schedule>> = {
  step: stepDecay({ from: 0.1, factor: 0.5, every: 7 }),
  multiStep: multiStepDecay({ from: 0.1, factor: 0.1, at: [5, 20] }),
  exponential: exponentialDecay({ from: 0.1, factor: 0.9 }),
  cosine: cosineDecay({ from: 0.1, to: 0.001, steps: 30 }),
  cosineWarmRestarts: cosineRestarts({ from: 0.1, steps: 8, growth: 2 }),
  linear: linearRamp({ from: 0.01, to: 0.1, steps: 10 }),
  oneCycle: oneCycle({ peak: 0.3, steps: 40 }),
};

const firstOf = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, step) => schedule(step));

describe('schedules follow PyTorch', () => {
  const { cases } = loadGolden<{ cases: GoldenSchedule[] }>('schedules');

  it('all seven are here', () => expect(cases.map(({ name }) => name)).toEqual(Object.keys(golden)));

  it.each(cases)('$name', ({ name, rates }) => {
    const ours = firstOf(golden[name], rates.length);
    // Relative: a rate of 1e-6 counts as much as one of 0.1.
    expect(
      worstError(
        ours.map((rate, i) => rate / rates[i]),
        rates.map(() => 1),
      ),
    ).toBeLessThan(1e-9);
  });
});

describe('closed forms', () => {
  it('a cosine is half-way down at half its steps, and stays down in a sequence with a constant', () => {
    const cosine = cosineDecay({ from: 1, to: 0.5, steps: 8 });
    expect([cosine(0), cosine(4), cosine(8)]).toEqual([1, expect.closeTo(0.75, 14), 0.5]);
    expect(cosine(16)).toBeCloseTo(1, 14);
    const held = inSequence([cosine, constantSchedule(0.5)], { at: [8] });
    expect([held(7), held(8), held(16)]).toEqual([cosine(7), 0.5, 0.5]);
  });

  it('warm restarts without growth repeat, and never reach what they fall to', () => {
    const cosine = cosineRestarts({ from: 2, to: 1, steps: 3 });
    expect(firstOf(cosine, 7)).toEqual([...firstOf(cosine, 3), ...firstOf(cosine, 3), 2]);
    expect(Math.min(...firstOf(cosine, 9))).toBeGreaterThan(1);
  });

  it('a ramp may fall, and both ramp and one-cycle stay where they end', () => {
    expect(firstOf(linearRamp({ from: 4, to: 2, steps: 2 }), 5)).toEqual([4, 3, 2, 2, 2]);
    const cycle = oneCycle({ peak: 1, steps: 10, from: 0.5, to: 0.25, rise: 0.5 });
    expect([cycle(0), cycle(4), cycle(9), cycle(50)]).toEqual([0.5, 1, 0.25, 0.25]);
  });

  it('in a sequence each counts from its own start; a product multiplies step by step', () => {
    const counter: Schedule = (step) => step;
    expect(firstOf(inSequence([counter, counter, constantSchedule(9)], { at: [2, 5] }), 7)).toEqual([
      0, 1, 0, 1, 2, 9, 9,
    ]);
    const warm = productOfSchedules(
      linearRamp({ from: 0, to: 1, steps: 2 }),
      exponentialDecay({ from: 8, factor: 0.5 }),
      3,
    );
    expect(firstOf(warm, 4)).toEqual([0, 6, 6, 3]);
    expect(productOfSchedules()(5)).toBe(1);
  });

  it('what was handed over may be changed afterwards', () => {
    const at = [2];
    const schedule = multiStepDecay({ from: 1, factor: 0.5, at });
    at[0] = 1;
    expect(firstOf(schedule, 3)).toEqual([1, 1, 0.5]);
  });
});

describe('nonsense is refused', () => {
  const wrong: [() => Schedule, string][] = [
    [
      () => stepDecay({ from: 1, factor: 0.5, every: 0 }),
      'stepDecay: every must be a number of updates, an integer ≥ 1, got 0',
    ],
    [
      () => stepDecay({ from: -1, factor: 0.5, every: 2 }),
      'stepDecay: from must be a finite number ≥ 0, got -1',
    ],
    [
      () => exponentialDecay({ from: 1, factor: Number.NaN }),
      'exponentialDecay: factor must be a finite number ≥ 0',
    ],
    [
      () => exponentialDecay({ from: 1, gamma: 0.9 } as never),
      "there is no option 'gamma'; the nearest is 'from' of from, factor",
    ],
    [
      () => multiStepDecay({ from: 1, factor: 0.5, at: [5, 5] }),
      'multiStepDecay: at must be integers ≥ 1, each above the one before, got [5, 5]',
    ],
    [() => multiStepDecay({ from: 1, factor: 0.5, at: [] }), 'multiStepDecay: at must be'],
    [() => linearRamp({ from: 0, to: 1, steps: 2.5 }), 'linearRamp: steps must be a number of updates'],
    [
      () => linearRamp({ from: 0, to: Infinity, steps: 2 }),
      'linearRamp: to must be a finite number ≥ 0, got Infinity',
    ],
    [
      () => cosineDecay({ from: undefined as never, steps: 2 }),
      'cosineDecay: from must be a finite number ≥ 0, got undefined',
    ],
    [
      () => cosineRestarts({ from: 1, steps: 2, growth: 1.5 }),
      'cosineRestarts: growth must be an integer ≥ 1, got 1.5',
    ],
    [
      () => oneCycle({ peak: 1, steps: 10, rise: 0.1 }),
      'oneCycle: rise must lie above 1 / steps and below 1, got 0.1 of 10 steps',
    ],
    [
      () => oneCycle({ peak: 1, steps: 10, rise: 1 }),
      'oneCycle: rise must lie above 1 / steps and below 1, got 1',
    ],
    [() => constantSchedule(-1), 'constantSchedule: value must be a number ≥ 0'],
    [
      () => inSequence([constantSchedule(1)], { at: [3] }),
      'inSequence: needs one more schedule than numbers in at, got 1 and 1',
    ],
    [
      () => inSequence([constantSchedule(1), 2 as never], { at: [3] }),
      'inSequence: takes schedules, functions of the step, got 2',
    ],
    [
      () => productOfSchedules('warm' as never),
      "productOfSchedules: takes schedules, functions of the step, got 'warm'",
    ],
  ];
  it.each(wrong)('%#', (make, message) => expect(make).toThrow(message));
});

describe('a schedule drives', () => {
  const norms = async (hook: Schedule, count: number) => {
    const parameter = parameterWith([3, 4]);
    const after: number[] = [];
    for (
      const optimizer = new SGD([parameter], { lr: 0, hooks: [clipByGlobalNorm(hook)] });
      after.length < count;
    ) {
      parameter.grad!.overwrite(parameterWith([3, 4]).grad!);
      after.push((await optimizer.step()).normAfter);
    }
    return after;
  };

  it.each(Object.entries(golden))('a clip threshold: %s', async (_, schedule) => {
    const expected = firstOf(schedule, 12);
    expect(worstError(await norms(schedule, 12), expected)).toBeLessThan(1e-6);
  });

  it('a threshold that only measures at first', async () => {
    expect(
      await norms(inSequence([constantSchedule(Infinity), constantSchedule(1)], { at: [2] }), 4),
    ).toEqual([5, 5, expect.closeTo(1, 6), expect.closeTo(1, 6)]);
  });

  it('a learning rate, in a group of its own', async () => {
    const [a, b] = [parameterWith([1]), parameterWith([1])];
    const lr = linearRamp({ from: 0.5, to: 1.5, steps: 2 });
    const optimizer = new SGD([{ params: [a], lr }, { params: [b] }], { lr: 1 });
    for (let step = 0; step < 3; step++) expect((await optimizer.step()).lr).toBe(lr(step));
    expect([a.value.item(), b.value.item()]).toEqual([-3, -3]);
    expect(new Adam([parameterWith([1])], { lr }).groups[0].options.lr).toBe(lr);
  });
});
