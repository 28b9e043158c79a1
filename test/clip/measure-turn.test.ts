import { expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import {
  autoClip,
  clipByGlobalNorm,
  clipByTensorNorm,
  clipByValue,
  measureTurn,
  skipNonFinite,
} from '../../src/index.js';
import { context, gradientsOf, parameterWith } from './support.js';

async function turnOf(
  hook: ReturnType<typeof clipByValue>,
  ...grads: number[][]
): Promise<number | undefined> {
  const angles: number[] = [];
  const parameters = grads.map((grad, i) => parameterWith(grad, { name: `p${i}`, dtype: 'float64' }));
  const report = await runHook(
    measureTurn(hook, (angle) => angles.push(angle)),
    gradientsOf(parameters),
    context,
  );
  expect(angles).toEqual('turn' in report.values ? [report.values.turn] : []);
  return report.values.turn;
}

it('is the angle of the examples: (4, 3) by value 3 turns by 8.130°, (100, 0.1) by value 1 by 5.65°', async () => {
  expect(await turnOf(clipByValue(3), [4, 3])).toBeCloseTo(8.1301, 4);
  expect(await turnOf(clipByValue(1), [100, 0.1])).toBeCloseTo(5.6533, 3);
});

it('is 0 where the global norm is clipped or nothing is, to rounding at any scale', async () => {
  for (const scale of [1e-200, 1, 1e200]) {
    const grads = [
      [3 * scale, 4 * scale],
      [12 * scale, -5 * scale],
    ];
    expect(await turnOf(clipByGlobalNorm(scale), ...grads)).toBeLessThan(1e-13);
    expect(await turnOf(clipByGlobalNorm(100 * scale), ...grads)).toBe(0);
  }
});

it('sees parameters together: each keeps its direction, the whole does not', async () => {
  // (3, 4 | 0, 1) → (0.6, 0.8 | 0, 1): cos = (0.6·3 + 0.8·4 + 1) / (√26·√2)
  const expected = (Math.acos(6 / Math.sqrt(52)) * 180) / Math.PI;
  expect(await turnOf(clipByTensorNorm(1), [3, 4], [0, 1])).toBeCloseTo(expected, 10);
});

it('says nothing of a skipped step, and leaves the hook’s state, name and report as they are', async () => {
  expect(await turnOf(skipNonFinite(), [1, Number.NaN])).toBeUndefined();
  const inner = autoClip(50);
  const outer = measureTurn(inner);
  await runHook(outer, gradientsOf([parameterWith([3, 4])]), context);
  expect([outer.name, outer.state!()]).toEqual([inner.name, inner.state!()]);
  outer.restore!({ norms: [1, 2] });
  expect(inner.state!()).toEqual({ norms: [1, 2] });
  expect('state' in measureTurn(clipByValue(1))).toBe(false);
});
