import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import { clipByGlobalNorm, clipByTensorNorm, SGD } from '../../src/index.js';
import { context, gradientsOf, gradOf, parameterWith } from './support.js';

describe.each([clipByGlobalNorm, clipByTensorNorm])('a threshold that follows a schedule: %o', (clip) => {
  const hook = clip((step) => 4 / 2 ** step);

  it('is asked at each step', async () => {
    for (const step of [0, 1, 2]) {
      const parameter = parameterWith([3, 4]);
      const { values } = await runHook(hook, gradientsOf([parameter]), { ...context, step });
      expect(values.threshold).toBe(4 / 2 ** step);
      expect(Math.hypot(...gradOf(parameter))).toBeCloseTo(4 / 2 ** step, 5);
    }
  });

  it('must be a threshold', async () => {
    const parameter = parameterWith([3, 4]);
    const applied = runHook(
      clip((step) => 1 - step),
      gradientsOf([parameter]),
      { ...context, step: 2 },
    );
    await expect(applied).rejects.toThrow(
      `${hook.name}: a schedule must give a number ≥ 0 (Infinity: measure only), got -1 at step 2`,
    );
    expect(gradOf(parameter)).toEqual([3, 4]);
  });

  it('stands still while steps are skipped', async () => {
    const parameter = parameterWith([3, 4]);
    const optimizer = new SGD([parameter], { lr: 0, hooks: [hook] });
    await optimizer.step();
    await optimizer.skipStep('no data');
    parameter.grad = parameterWith([3, 4]).grad;
    expect((await optimizer.step()).hooks[0].values.threshold).toBe(2);
  });
});
