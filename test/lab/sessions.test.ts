/** What lessons 6, 7 and 8 compute, against closed forms and against trainings that were never interrupted. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regression, trainTask } from '../../experiments/training-tasks.js';
import explosion from '../../lab/lessons/06-explosion/session.js';
import { effectOf, percentileOf } from '../../lab/lessons/07-threshold/norms.js';
import threshold from '../../lab/lessons/07-threshold/session.js';
import bias from '../../lab/lessons/08-bias/session.js';
import { ClipMonitor, clipByGlobalNorm } from '../../src/index.js';

describe('lesson 6', () => {
  const latch = { seed: 1, rho: 1.2, lr: 0.1 };

  it('dissects the step at which a run was not finite, and nothing of one that ends well', async () => {
    const found = (await explosion.calls.autopsy({ ...latch, c: 0 }))!;
    expect(found).toMatchObject({
      step: 29,
      what: 'loss',
      op: 'squaredError',
      pass: 'forward',
      made: 'Infinity',
    });
    // Its square is beyond float32, and it is not.
    expect(found.high).toBeGreaterThan(Math.sqrt(3.4e38 / 32));
    expect(found.high).toBeLessThan(3.4e38);
    expect(found.silent.map(({ name }) => name)).toEqual(['rnn.weightIh', 'rnn.weightHh', 'rnn.bias']);
    expect(await explosion.calls.autopsy({ ...latch, rho: 0.9, lr: 0.02, c: 1 })).toBeNull();
  });

  it('tries a threshold on three seeds, up to the first that has not learned', async () => {
    expect(await explosion.calls.threeSeeds({ c: 1 })).toHaveLength(3);
    const [only, ...others] = await explosion.calls.threeSeeds({ c: 100 });
    expect(only).toMatchObject({ diverged: null });
    expect(only.loss).toBeGreaterThan(100);
    expect(others).toEqual([]);
  });
});

describe('lesson 7', () => {
  it('goes on, clipped, from where the measuring ended, as a training that was never left', async () => {
    const { c, inSample, normsAfter, after } = await threshold.calls.choose({
      ...{ task: 'line', seed: 5, percent: 80 },
    });
    const task = regression(5);
    await trainTask(task, { lr: 0.05, steps: 100 });
    const measured = await trainTask(task, { lr: 0.05, steps: 300 });
    const norms = measured.records.map(({ normBefore }) => normBefore);
    expect(await threshold.calls.measure({ task: 'line', seed: 5 })).toEqual(Float64Array.from(norms));
    expect(norms.filter((norm) => norm > c)).toHaveLength(60);
    expect(inSample.rate).toBe(0.2);
    const { records } = await trainTask(task, { lr: 0.05, steps: 300, hooks: [clipByGlobalNorm(c)] });
    expect(Array.from(normsAfter)).toEqual(records.map(({ normBefore }) => normBefore));
    // What the page adds up is what the library's monitor says.
    const monitor = new ClipMonitor();
    for (const record of records) monitor.observe(record);
    expect(after.rate).toBe(monitor.summary().clipRate);
    expect(after.lost).toBeCloseTo(monitor.summary().stepLengthLost, 5);
  });

  it('halves less than half of all steps at the median, and clips at most the rest of a percentile', () => {
    const norms = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(norms, fc.integer({ min: 1, max: 100 }), (norms, percent) => {
        expect(effectOf(norms, percentileOf(norms, 50)).halved).toBeLessThanOrEqual(0.5);
        expect(effectOf(norms, percentileOf(norms, percent)).rate).toBeLessThanOrEqual(
          1 - percent / 100 + 1e-12,
        );
      }),
    );
  });
});

describe('lesson 8', () => {
  const settle = async (kind: string, target: number, clips: string, c: number) =>
    bias.calls.settle({ kind, target, clips, c });

  it('lets x settle at c/9, at most at the mean', async () => {
    for (const [target, c] of [
      [10, 0.1],
      [10, 3],
      [12, 10.7],
      [1, 12],
      [7, 6.3],
    ]) {
      const { rest, clipped } = await settle('skewed', target, 'each', c);
      expect(rest).toBeCloseTo(Math.min(c / 9, target / 10), 9);
      expect(clipped).toBe(c < 0.9 * target - 1e-9 ? 0.1 : 0);
    }
  });

  it('leaves no bias where targets are mirrored, or where the mean is clipped', async () => {
    expect((await settle('symmetric', 10, 'each', 1)).rest).toBeCloseTo(0, 12);
    expect((await settle('skewed', 10, 'mean', 0.2)).rest).toBeCloseTo(1, 9);
  });

  it('cuts each pull to c, and none below', async () => {
    const { whole, cut } = await bias.calls.pulls({ kind: 'symmetric', target: 8, c: 2, x: 1 });
    expect(cut).toEqual(whole.map((pull) => Math.max(-2, Math.min(2, pull))));
  });
});
