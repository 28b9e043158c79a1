import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import { capNormGrowth, type GradientHook, type Parameter } from '../../src/index.js';
import { loadGolden, worstError } from '../golden/load.js';
import { context, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

interface GrowthCase {
  readonly name: string;
  readonly inputs: { readonly norms: number[] };
  readonly params: { readonly tau: number; readonly eps: number; readonly lb: number };
  readonly expected: { readonly norm_out: number[] };
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** A parameter whose gradient has this norm and two elements. */
function ofNorm(norm: number, name = 'w'): Parameter {
  return parameterWith([0.6 * norm, -0.8 * norm], { name, dtype: 'float64' });
}

/** The norms that come out when gradients of these norms go in, one step each. */
async function through(hook: GradientHook, norms: readonly number[]): Promise<number[]> {
  const out: number[] = [];
  for (const norm of norms) {
    const parameter = ofNorm(norm);
    await runHook(hook, gradientsOf([parameter]), context);
    out.push(norm2(gradOf(parameter)));
  }
  return out;
}

describe('capNormGrowth', () => {
  it('agrees with Optimisers.jl', async () => {
    const golden = loadGolden<GrowthCase[]>('clip').find(({ name }) => name === 'norm_growth_cap')!;
    const { tau, eps, lb: floor } = golden.params;
    const out = await through(capNormGrowth(tau, { eps, floor }), golden.inputs.norms);
    expect(worstError(out, golden.expected.norm_out)).toBeLessThan(1e-9);
  });

  it('without eps lands on γ times the norm before, after capping, and lets norms fall', async () => {
    const out = await through(capNormGrowth(2), [1, 10, 10, 10, 3, 7, 5]);
    expect(worstError(out, [1, 2, 4, 8, 3, 6, 5])).toBeLessThan(1e-14);
  });

  it('remembers each parameter alone, also over steps in which it has no gradient', async () => {
    const hook = capNormGrowth(2);
    const steps = [
      [1, 100],
      [9, null],
      [9, 1000],
    ] as const;
    const seen: (number | null)[][] = [];
    for (const [a, b] of steps) {
      const list = [
        ofNorm(a, 'a'),
        b === null ? parameterWith(null, { name: 'b', size: 2 }) : ofNorm(b, 'b'),
      ];
      const { values } = await runHook(hook, gradientsOf(list), context);
      seen.push(list.map((each) => each.grad && Math.round(norm2(gradOf(each)))));
      expect(values.clippedParameters).toBe([0, 1, 2][seen.length - 1]);
    }
    expect(seen).toEqual([
      [1, 100],
      [2, null],
      [4, 200],
    ]);
  });

  it('comes back from almost nothing by the floor, from zero at once', async () => {
    const floor = 1e-3 * Math.sqrt(2);
    const out = await through(capNormGrowth(2, { floor: 1e-3 }), [1e-20, 5, 5, 0, 5]);
    expect(worstError(out, [1e-20, floor, 2 * floor, 0, 4 * floor])).toBeLessThan(1e-14);
    expect(await through(capNormGrowth(2), [0, 5])).toEqual([0, 5]);
    const hook = capNormGrowth(2);
    for (const norm of [3, 0]) await runHook(hook, gradientsOf([ofNorm(norm, 'a'), ofNorm(1, 'b')]), context);
    expect(hook.state!()).toEqual({ norms: { a: 3, b: 1 } });
  });

  it.each(['zero', 'propagate', 'skip', 'throw'] as const)(
    'forgets nothing and learns nothing from NaN and ∞: %s',
    async (nonFinite) => {
      const hook = capNormGrowth(2, { nonFinite });
      await through(hook, [1]);
      const before = hook.state!();
      for (const number of [nan, inf]) {
        const list = [ofNorm(50), parameterWith([number, 7], { name: 'broken', dtype: 'float64' })];
        await runHook(hook, gradientsOf(list), context).catch(() => null);
        expect(hook.state!()).toEqual(before);
      }
      expect((await through(hook, [50]))[0]).toBeCloseTo(2, 12);
    },
  );
});
