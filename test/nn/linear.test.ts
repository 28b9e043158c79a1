import { describe, expect, it } from 'vitest';
import { gradcheck, Random, ShapeError, uniform, variable, zeros } from '../../src/index.js';
import { Linear } from '../../src/nn/index.js';
import { goldenTensor } from '../golden/load.js';
import { assign, EXACT, expectGolden, golden, gradOf } from './golden.js';

describe('Linear', () => {
  it.each(['linear', 'linear/noBias'])('agrees with PyTorch: %s', (name) => {
    const { state, inputs, outputs, grads } = golden(name);
    const layer = new Linear(4, 5, { random: new Random(1), bias: name === 'linear', ...EXACT });
    assign(layer.weight, state!.weight);
    if (layer.bias) assign(layer.bias, state!.bias);
    const x = variable(goldenTensor(inputs.x));
    const y = layer.forward(x);
    expectGolden(y.value, outputs.y);
    y.backward({ grad: goldenTensor(inputs['cotangent.y']) });
    expectGolden(gradOf(x), grads.x);
    for (const parameter of layer.parameters()) expectGolden(parameter.grad, grads[parameter.name]);
  });

  it('takes any leading axes, none and empty ones included', () => {
    const layer = new Linear(3, 2, { random: new Random(1), ...EXACT });
    for (const lead of [[], [4], [2, 3], [2, 1, 3], [0], [2, 0]]) {
      const x = uniform([...lead, 3], new Random(2), -1, 1, EXACT);
      expect(layer.forward(x).shape).toEqual([...lead, 2]);
      expect(gradcheck((v) => layer.forward(v), [x])).toBeLessThan(1e-8);
    }
  });

  it('starts uniform in ±1/√in, the same for the same seed', () => {
    const layer = new Linear(400, 300, { random: new Random(7) });
    const weights = [...layer.weight.value.data()];
    expect(Math.max(...weights.slice(0, 50000).map(Math.abs))).toBeLessThanOrEqual(0.05);
    const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(variance / (0.05 ** 2 / 3)).toBeCloseTo(1, 1);
    expect(Math.max(...layer.bias!.value.data())).toBeGreaterThan(0.045);
    expect([...new Linear(400, 300, { random: new Random(7) }).weight.value.data()]).toEqual(weights);
    expect(layer.weight.value.dtype).toBe('float32');
  });

  it('refuses sizes and inputs that do not fit', () => {
    const random = new Random(1);
    expect(() => new Linear(0, 2, { random })).toThrow('Linear: inFeatures must be an integer ≥ 1, got 0');
    expect(() => new Linear(2, 1.5, { random })).toThrow(
      'Linear: outFeatures must be an integer ≥ 1, got 1.5',
    );
    const layer = new Linear(2, 1, { random });
    expect(() => layer.forward(zeros([3, 5]))).toThrow(ShapeError);
    expect(() => layer.forward(zeros([]))).toThrow(
      'Linear: the last axis of x must be inFeatures = 2, got []',
    );
  });
});
