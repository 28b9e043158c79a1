import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import {
  type GradientHook,
  type HookReport,
  Parameter,
  SGD,
  skipSpikes,
  tensor,
  train,
} from '../../src/index.js';
import { loadGolden } from '../golden/load.js';
import { context, gradientsOf, parameterWith } from './support.js';

interface SkipCase {
  readonly name: string;
  readonly inputs: { readonly losses: number[]; readonly grad_norms: number[] };
  readonly params: { readonly rolling_interval_length: number; readonly sigma_factor: number };
  readonly expected: { readonly step_factor: number[] };
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** One step with this norm and loss: the report, and why it was skipped. */
async function look(hook: GradientHook, norm: number, loss: number | null = null) {
  const gradients = gradientsOf([parameterWith([norm], { dtype: 'float64' })]);
  const report: HookReport = await runHook(hook, gradients, { ...context, loss });
  return { report, skipped: gradients.skipped };
}

/** A hook of window 20 that has seen 20 losses and norms of mean 1 and deviation 0.1 · √(20/19). */
async function settled(): Promise<GradientHook> {
  const hook = skipSpikes(6, { window: 20 });
  for (let i = 0; i < 20; i++) await look(hook, i % 2 === 0 ? 1.1 : 0.9, i % 2 === 0 ? 0.9 : 1.1);
  return hook;
}

describe('skipSpikes', () => {
  it('agrees with the formula of OLMo-core', async () => {
    const golden = loadGolden<SkipCase[]>('clip').find(({ name }) => name === 'olmo_skip_step')!;
    const { losses, grad_norms: norms } = golden.inputs;
    const { rolling_interval_length: window, sigma_factor: sigma } = golden.params;
    const hook = skipSpikes(sigma, { window });
    const factors: number[] = [];
    for (const [i, norm] of norms.entries()) {
      factors.push((await look(hook, norm, losses[i])).skipped === null ? 1 : 0);
    }
    expect(factors).toEqual(golden.expected.step_factor);
  });

  it('says how many deviations: of the loss, the norm or both, above or below', async () => {
    const deviation = 0.1 * Math.sqrt(20 / 19);
    for (const [norm, loss, skipped] of [
      [1 + 5.9 * deviation, 1 - 5.9 * deviation, null],
      [1 + 6.1 * deviation, 1, /^norm 1\.62\d+, 6\.10 standard deviations from its mean$/],
      [1, 1 - 6.1 * deviation, /^loss 0\.37\d+, 6\.10 standard deviations from its mean$/],
      [9, 9, /^loss 9, 78\.0 .* mean, norm 9, 78\.0 .* mean$/],
    ] as const) {
      const seen = await look(await settled(), norm, loss);
      expect(seen.report.values.normDeviations).toBeCloseTo(Math.abs(norm - 1) / deviation, 9);
      expect(seen.report.values.lossDeviations).toBeCloseTo(Math.abs(loss - 1) / deviation, 9);
      if (skipped === null) expect(seen.skipped).toBeNull();
      else expect(seen.skipped).toMatch(skipped);
    }
  });

  it('judges nothing before max(20, window / 2) are known', async () => {
    for (const [window, least] of [
      [20, 20],
      [128, 64],
    ] as const) {
      const hook = skipSpikes(6, { window });
      for (let i = 0; i < least - 1; i++) await look(hook, 1 + (i % 2));
      expect((await look(hook, 1e6)).skipped).toBeNull();
      expect((await look(hook, 1e9)).skipped).not.toBeNull();
    }
  });

  it('without a loss judges the norm alone; losses told now and then are judged among themselves', async () => {
    const hook = await settled();
    expect((await look(hook, 1)).report.values).not.toHaveProperty('loss');
    expect((await look(hook, 1, 50)).skipped).toMatch(/^loss 50/);
  });

  it('accepts a lasting change after a few steps', async () => {
    const hook = await settled();
    const skipped: boolean[] = [];
    for (let i = 0; i < 10; i++) skipped.push((await look(hook, 3 + 0.1 * (i % 2))).skipped !== null);
    expect(skipped[0]).toBe(true);
    expect(skipped.slice(2)).not.toContain(true);
  });

  it('takes constants as they come: no rounding error is a spike, a change is', async () => {
    const hook = skipSpikes(6, { window: 20 });
    for (let i = 0; i < 60; i++) expect((await look(hook, 0.1, 0.3)).skipped).toBeNull();
    expect((await look(hook, 0.1, 0.3001)).skipped).toMatch(/^loss 0\.3001, /);
  });

  it('skips NaN and ∞ from the first step on, and remembers nothing of that step', async () => {
    for (const hook of [skipSpikes(6, { window: 20 }), await settled()]) {
      const before = JSON.stringify(hook.state!());
      for (const [norm, loss, why] of [
        [nan, 1, 'norm NaN'],
        [inf, 1, 'norm Infinity'],
        [1, nan, 'loss NaN'],
        [nan, inf, 'loss Infinity, norm NaN'],
      ] as const) {
        expect((await look(hook, norm, loss)).skipped).toBe(why);
      }
      expect(JSON.stringify(hook.state!())).toBe(before);
    }
    const hook = await settled();
    for (let i = 0; i < 50; i++) await look(hook, nan, nan);
    expect((await look(hook, 1, 1)).skipped).toBeNull();
    expect((await look(hook, 9, 1)).skipped).not.toBeNull();
  });

  it('works at any scale', async () => {
    for (const scale of [1e-200, 1e150]) {
      const hook = skipSpikes(6, { window: 20 });
      for (let i = 0; i < 20; i++) await look(hook, scale * (1 + 0.1 * (i % 2)));
      expect((await look(hook, 1.2 * scale)).skipped).toBeNull();
      expect((await look(hook, 2 * scale)).skipped).not.toBeNull();
    }
  });

  it('keeps no more than its window', async () => {
    const hook = await settled();
    for (let i = 0; i < 100; i++) await look(hook, i, -i);
    const last = Array.from({ length: 20 }, (_, i) => 80 + i);
    expect(hook.state!()).toEqual({ norms: last, losses: last.map((x) => -x) });
    const narrow = skipSpikes(6, { window: 20 });
    narrow.restore!({ norms: Array.from({ length: 99 }, (_, i) => i), losses: [] });
    expect((narrow.state!().norms as number[]).length).toBe(20);
  });

  it('sees the loss of `train`, and a skipped step changes nothing', async () => {
    const w = new Parameter(tensor([1]), 'w');
    const optimizer = new SGD([w], { lr: 1e-3, hooks: [skipSpikes(6, { window: 20 })] });
    const values: number[] = [];
    const { records } = await train({
      model: w,
      optimizer,
      // The norm is that of the slope, 1; the offset changes the loss alone.
      loss: (model, offset: number) => model.sum().add(offset),
      batches: Array.from({ length: 30 }, (_, i) => (i === 27 ? 100 : 0.1 * (i % 2))),
      onStep: () => values.push(w.value.item()),
    });
    expect(records.filter(({ skipped }) => skipped !== null).map(({ step }) => step)).toEqual([27]);
    expect(records[27].skipped).toMatch(/^loss 10\d\./);
    expect(values[27]).toBe(values[26]);
    expect(optimizer.steps).toBe(29);
  });
});
