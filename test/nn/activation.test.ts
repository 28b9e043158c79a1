import { describe, expect, it } from 'vitest';
import * as tg from '../../src/index.js';
import { GELU, type LayerInput, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh } from '../../src/nn/index.js';

describe('activations as modules', () => {
  const pairs = [
    ['Tanh', new Tanh(), tg.tanh],
    ['ReLU', new ReLU(), tg.relu],
    ['LeakyReLU', new LeakyReLU(), tg.leakyRelu],
    ['Sigmoid', new Sigmoid(), tg.sigmoid],
    ['GELU', new GELU(), tg.gelu],
    ['SiLU', new SiLU(), tg.silu],
    ['Softplus', new Softplus(), tg.softplus],
  ] as const;
  it.each(pairs)('%s is the op of that name and has no parameters', (_, module, op) => {
    const x: LayerInput = tg.uniform([2, 3], new tg.Random(1), -2, 2);
    expect(module.forward(x).value.data()).toEqual(op(x).value.data());
    expect(module.parameters()).toEqual([]);
  });

  it('LeakyReLU takes its slope, a finite number', () => {
    expect(new LeakyReLU(0.5).forward(tg.tensor([-2])).item()).toBe(-1);
    expect(() => new LeakyReLU(NaN)).toThrow('LeakyReLU: negativeSlope must be a finite number, got NaN');
  });
});
