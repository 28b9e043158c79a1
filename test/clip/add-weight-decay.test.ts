import { describe, expect, it } from 'vitest';
import { addWeightDecay, clipByGlobalNorm, Parameter, SGD, skipAbove, tensor } from '../../src/index.js';

/** One step at rate 1 from θ = (0, 8) with gradient (6, 0): what it moved by. */
async function moved(hooks: ConstructorParameters<typeof SGD>[1]['hooks'], weightDecay = 0) {
  const p = new Parameter(tensor([0, 8]), 'p');
  p.grad = tensor([6, 0]);
  const report = await new SGD([p], { lr: 1, weightDecay, hooks }).step();
  return { moved: [...p.value.data()].map((x, i) => [0, 8][i] - x), report };
}

describe('addWeightDecay', () => {
  it('is clipped with the rest before a clipper, and not behind it', async () => {
    // g + λθ = (6, 8), of norm 10.
    expect((await moved([addWeightDecay(1), clipByGlobalNorm(5)])).moved).toEqual([3, 4]);
    expect((await moved([clipByGlobalNorm(5), addWeightDecay(1)])).moved).toEqual([5, 8]);
  });

  it('behind all clippers is the optimizer’s own', async () => {
    const [hook, own] = [
      await moved([clipByGlobalNorm(5), addWeightDecay(1)]),
      await moved([clipByGlobalNorm(5)], 1),
    ];
    expect(hook.moved).toEqual(own.moved);
    expect([hook.report.normAfter, own.report.normAfter]).toEqual([Math.hypot(5, 8), 5]);
  });

  it('leaves out what it is told to, and is nothing at rate 0', async () => {
    expect((await moved([addWeightDecay(1, { exclude: (name) => name === 'p' })])).moved).toEqual([6, 0]);
    expect((await moved([addWeightDecay(0)])).report.clipped).toBe(false);
    expect(() => addWeightDecay(-1)).toThrow('addWeightDecay: rate must be a finite number ≥ 0, got -1');
  });
});

describe('skipAbove', () => {
  it('makes no update above the norm, and every one at it', async () => {
    expect((await moved([skipAbove(5.9)])).report).toMatchObject({
      skipped: 'the norm 6 is above 5.9',
      hooks: [{ hook: 'skipAbove', clipped: false, values: { norm: 6, threshold: 5.9 } }],
    });
    expect((await moved([skipAbove(6)])).moved).toEqual([6, 0]);
    expect((await moved([skipAbove(6, { p: Infinity })])).moved).toEqual([6, 0]);
    expect((await moved([skipAbove((step) => step)])).report.skipped).toBe('the norm 6 is above 0');
  });
});
