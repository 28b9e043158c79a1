import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import { Adam, clipSpikes, Parameter, RMSprop, SGD, type StepContext, tensor } from '../../src/index.js';
import { loadGolden, worstError } from '../golden/load.js';
import { context, gradientsOf, gradOf, parameterWith } from './support.js';

interface SpikeCase {
  readonly name: string;
  readonly inputs: { readonly grad: number[]; readonly exp_avg_sq_prev: number[] };
  readonly params: { readonly theta: number };
  readonly expected: { readonly grad: number[]; readonly is_spike: boolean[] };
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** A later step of an optimizer that remembers these second moments. */
function remembering(...secondMoment: number[]): StepContext {
  return { ...context, step: 7, optimizerState: () => ({ secondMoment: Float64Array.from(secondMoment) }) };
}

describe('clipSpikes', () => {
  it('agrees with the formula of SPAM', async () => {
    const golden = loadGolden<SpikeCase[]>('clip').find(({ name }) => name === 'spam_spike_clip')!;
    const { inputs, params, expected } = golden;
    const parameter = parameterWith(inputs.grad, { dtype: 'float64' });
    const hook = clipSpikes(params.theta);
    const report = await runHook(hook, gradientsOf([parameter]), remembering(...inputs.exp_avg_sq_prev));
    expect(worstError(gradOf(parameter), expected.grad)).toBeLessThan(1e-9);
    const clippedElements = expected.is_spike.filter(Boolean).length;
    expect(report).toEqual({
      hook: 'clipSpikes',
      clipped: true,
      values: { threshold: 5000, clippedElements },
    });
  });

  it.each(['float32', 'float64'] as const)(
    'on the bound changes nothing, so neither does a second time: %s',
    async (dtype) => {
      // Bounds of which float32 rounds some up and some down.
      const squares = Array.from({ length: 20 }, (_, i) => 0.1 + 0.03 * i);
      const parameter = parameterWith([...squares.map((_, i) => (i % 2 === 0 ? 3 : -3)), 0.1], { dtype });
      const moments = remembering(...squares, 0.1);
      const clip = clipSpikes(0.7);
      expect((await runHook(clip, gradientsOf([parameter]), moments)).values.clippedElements).toBe(20);
      const once = gradOf(parameter);
      const gradients = gradientsOf([parameter]);
      expect((await runHook(clip, gradients, moments)).values.clippedElements).toBe(0);
      expect([gradOf(parameter), gradients.changed]).toEqual([once, false]);
    },
  );

  it('leaves elements without a history, passes NaN, bounds ∞', async () => {
    const parameter = parameterWith([9, nan, inf, -inf, inf], { dtype: 'float64' });
    await runHook(clipSpikes(4), gradientsOf([parameter]), remembering(0, 1, 1, 1, 0));
    expect(gradOf(parameter)).toEqual([9, nan, 2, -2, inf]);
  });

  it('measures again what it changed', async () => {
    const gradients = gradientsOf([parameterWith([30, 40], { dtype: 'float64' })]);
    expect(await gradients.norm()).toBe(50);
    await runHook(clipSpikes(1), gradients, remembering(9, 16));
    expect(await gradients.norm()).toBe(5);
  });

  it('follows a schedule', async () => {
    const parameter = parameterWith([100], { dtype: 'float64' });
    await runHook(
      clipSpikes((step) => step * 7),
      gradientsOf([parameter]),
      remembering(1),
    );
    expect(gradOf(parameter)).toEqual([7]);
  });

  it('under Adam clips the spike of one element to what its neighbours are', async () => {
    const parameter = parameterWith([1, 1], { dtype: 'float64' });
    const optimizer = new Adam([parameter], { lr: 0, hooks: [clipSpikes(2000)] });
    const seen: number[][] = [];
    for (const grad of [
      [1e6, 1],
      [1, 1],
      [1, 1e6],
    ]) {
      parameter.grad = parameterWith(grad, { dtype: 'float64' }).grad;
      await optimizer.step();
      seen.push(gradOf(parameter));
    }
    // The first step has no history; in the third v₂ = 0.001 + 0.001 · 0.999.
    expect(seen.slice(0, 2)).toEqual([
      [1e6, 1],
      [1, 1],
    ]);
    expect(seen[2][0]).toBe(1);
    expect(seen[2][1]).toBeCloseTo(Math.sqrt(2000 * (0.001 + 0.001 * 0.999)), 12);
  });

  it('reads the mean square of RMSprop, too', async () => {
    const parameter = parameterWith([1], { dtype: 'float64' });
    const optimizer = new RMSprop([parameter], { lr: 0, alpha: 0.75, hooks: [clipSpikes(16)] });
    await optimizer.step();
    parameter.grad = parameterWith([1e6], { dtype: 'float64' }).grad;
    await optimizer.step();
    expect(gradOf(parameter)).toEqual([2]);
  });

  it('leaves a group that was added later alone until it has moments', async () => {
    const [a, b] = [parameterWith([1]), parameterWith([1e9], { size: 1 })];
    const optimizer = new Adam([a], { hooks: [clipSpikes()] });
    await optimizer.step();
    optimizer.addGroup({ params: [b] });
    a.grad = null;
    expect((await optimizer.step()).clipped).toBe(false);
    b.grad = parameterWith([1e20]).grad;
    expect((await optimizer.step()).clipped).toBe(true);
  });

  it('says what an optimizer keeps that has no second moment, and changes nothing', async () => {
    for (const [momentum, kept] of [
      [0, 'nothing'],
      [0.9, 'velocity'],
    ] as const) {
      const parameter = new Parameter(tensor([1]), 'w');
      const optimizer = new SGD([parameter], { lr: 1, momentum, hooks: [clipSpikes()] });
      parameter.grad = tensor([1]);
      await optimizer.step();
      await expect(optimizer.step()).rejects.toThrow(
        `clipSpikes: needs an optimizer that keeps secondMoment, as Adam does; this one keeps ${kept}`,
      );
      expect([optimizer.steps, parameter.value.item()]).toEqual([1, 0]);
    }
  });
});
