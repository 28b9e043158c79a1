/**
 * A clipper written from docs/extending.md alone, with the public entry points alone: it bounds how far a parameter's
 * gradient may turn away from the running mean of its gradients.
 */

import { expect, it } from 'vitest';
import { mayRemember } from '../../src/extend.js';
import { type GradientHook, type NonFinitePolicy, Parameter, SGD, tensor } from '../../src/index.js';

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);
const length = (a: readonly number[]): number => Math.sqrt(dot(a, a));
const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / (length(a) * length(b));

/**
 * Scales the gradient of each parameter down as it turns away from the mean m of its gradients: by
 * min(1, (1 + cos(g, m)) / (1 + minCosine)), 1 within the angle and 0 straight against it. Then m ← βm + (1 − β)g.
 */
function clipByCosine(minCosine: number, nonFinite: NonFinitePolicy = 'throw', decay = 0.5): GradientHook {
  const name = 'clipByCosine';
  if (!(minCosine > -1 && minCosine <= 1)) {
    throw new Error(`${name}: minCosine must be a number above -1 and up to 1, got ${minCosine}`);
  }
  let means: Record<string, number[]> = {};
  return {
    name,
    nonFinite,
    async apply(gradients) {
      const norms = await gradients.norms();
      const norm = await gradients.norm();
      const all = gradients.names.map((_, i) => Array.from(gradients.get(i).data(), Number));
      const scales = all.map((g, i) => {
        const mean = means[gradients.names[i]];
        if (mean === undefined || norms[i] === 0 || length(mean) === 0) return 1;
        return Math.min(1, Math.max(0, (1 + cosine(g, mean)) / (1 + minCosine)));
      });
      gradients.scaleEach(scales);
      if (mayRemember(gradients, norm)) {
        for (const [i, each] of gradients.names.entries()) {
          const before = means[each] ?? all[i];
          means[each] = all[i].map((g, k) => decay * before[k] + (1 - decay) * scales[i] * g);
        }
      }
      return { norm, smallestScale: Math.min(...scales) };
    },
    state: () => structuredClone({ means }),
    restore: ({ means: saved }) => {
      if (typeof saved !== 'object' || saved === null) throw new Error(`${name}: means must be an object`);
      means = structuredClone(saved) as Record<string, number[]>;
    },
  };
}

/** Steps on gradients given by hand: what the hook left of each, and its report. */
function rig(hook: GradientHook) {
  const [a, b] = ['a', 'b'].map((name) => new Parameter(tensor([0, 0]), name));
  const optimizer = new SGD([a, b], { lr: 1, hooks: [hook] });
  return async (first: number[], second: number[]) => {
    [a.grad, b.grad] = [tensor(first), tensor(second)];
    const { hooks, skipped } = await optimizer.step();
    return { left: [a, b].map((p) => Array.from(p.grad!.data(), (x) => x + 0)), report: hooks[0], skipped };
  };
}

it('lets pass what points with the mean, shortens what turns, and stops what points against it', async () => {
  const step = rig(clipByCosine(0));
  expect((await step([2, 0], [0, 2])).report).toMatchObject({ hook: 'clipByCosine', clipped: false });
  const turned = await step([0, 2], [0, -2]);
  expect(turned.left).toEqual([
    [0, 2],
    [0, 0],
  ]);
  expect(turned.report).toEqual({
    hook: 'clipByCosine',
    clipped: true,
    values: { norm: Math.sqrt(8), smallestScale: 0 },
  });
  // a's mean is (1, 1) now: against (−1, 0) its cosine is −1/√2.
  const { left } = await step([-1, 0], [0, 5]);
  expect(left[0][0]).toBeCloseTo(-(1 - Math.SQRT1_2), 6);
  expect(left[1]).toEqual([0, 5]);
});

it('follows its policy, remembers no NaN, and goes on from a saved memory', async () => {
  const [hook, other] = [clipByCosine(0.5, 'skip'), clipByCosine(0.5, 'skip')];
  const step = rig(hook);
  await step([3, 4], [1, 0]);
  const memory = JSON.stringify(hook.state!());
  expect((await step([Number.NaN, 1], [1, 1])).skipped).toBe('gradient of a is not finite');
  expect(JSON.stringify(hook.state!())).toBe(memory);
  other.restore!(JSON.parse(memory));
  expect(await rig(other)([-4, 3], [0, 1])).toEqual(await step([-4, 3], [0, 1]));
  expect(() => clipByCosine(-1)).toThrow(
    'clipByCosine: minCosine must be a number above -1 and up to 1, got -1',
  );
  await expect(rig(clipByCosine(0))([Number.NaN, 1], [1, 1])).rejects.toThrow('gradient of a is not finite');
});
