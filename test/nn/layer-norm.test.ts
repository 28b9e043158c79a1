import { describe, expect, it } from 'vitest';
import { backendNamed } from '../../src/extend.js';
import { gradcheck, normal, Random, tensor, uniform, variable, zeros } from '../../src/index.js';
import { LayerNorm } from '../../src/nn/index.js';
import { goldenTensor, worstError } from '../golden/load.js';
import { assign, EXACT, expectGolden, golden, gradOf } from './golden.js';

const SIMD = backendNamed('simd');

describe('LayerNorm', () => {
  const { state, inputs, outputs, grads } = golden('layerNorm');

  it('agrees with PyTorch in outputs and every gradient', () => {
    const layer = new LayerNorm(5, EXACT);
    assign(layer.weight, state!.weight);
    assign(layer.bias, state!.bias);
    const x = variable(goldenTensor(inputs.x));
    const y = layer.forward(x);
    expectGolden(y.value, outputs.y);
    y.backward({ grad: goldenTensor(inputs['cotangent.y']) });
    expectGolden(gradOf(x), grads.x);
    expectGolden(layer.weight.grad, grads.weight);
    expectGolden(layer.bias.grad, grads.bias);
  });

  it('agrees with it to float32 rounding on simd', () => {
    const layer = new LayerNorm(5);
    const x = variable(goldenTensor(inputs.x).to('float32', SIMD));
    const y = layer.forward(x);
    y.backward({ grad: goldenTensor(inputs['cotangent.y']).to('float32', SIMD) });
    expect(y.value.backend.name).toBe('simd');
    expect(worstError(y.value.data(), outputs.y.data)).toBeLessThan(2e-6);
    expect(worstError(gradOf(x).data(), grads.x.data)).toBeLessThan(2e-6);
    expect(worstError(layer.weight.grad!.data(), grads.weight.data)).toBeLessThan(2e-6);
  });

  it('has the derivatives that differences have, of x, weight and bias, for any leading axes', () => {
    const layer = new LayerNorm(3, EXACT);
    layer.weight.assign(uniform([3], new Random(3), -1, 1, EXACT));
    for (const lead of [[], [4], [2, 2], [0]]) {
      const x = uniform([...lead, 3], new Random(5), -1, 1, EXACT);
      expect(layer.forward(x).shape).toEqual([...lead, 3]);
      expect(gradcheck((v) => layer.forward(v), [x])).toBeLessThan(1e-7);
    }
  });

  it('brings every position to mean 0 and variance 1, wherever its numbers lay', () => {
    const x = normal([40, 64], new Random(1), 1e3, 5);
    const rows = new LayerNorm(64).forward(x).value.toArray() as number[][];
    for (const row of rows) {
      const mean = row.reduce((sum, value) => sum + value, 0) / 64;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 64;
      expect(Math.abs(mean)).toBeLessThan(1e-4);
      expect(Math.abs(variance - 1)).toBeLessThan(1e-4);
    }
  });

  it('stays finite where all elements are equal, and where there is one', () => {
    const layer = new LayerNorm(3, EXACT);
    layer.bias.assign(tensor([1, 2, 3]).to('float64'));
    expect([...layer.forward(tensor([7, 7, 7], EXACT)).value.data()]).toEqual([1, 2, 3]);
    expect([...new LayerNorm(1).forward(tensor([5])).value.data()]).toEqual([0]);
  });

  it('refuses sizes, eps and inputs that do not fit', () => {
    expect(() => new LayerNorm(0)).toThrow('LayerNorm: size must be an integer ≥ 1, got 0');
    expect(() => new LayerNorm(2, { eps: -1 })).toThrow('LayerNorm: eps must be a finite number ≥ 0, got -1');
    expect(() => new LayerNorm(2).forward(zeros([3, 5]))).toThrow(
      'LayerNorm: the last axis of x must be size = 2, got [3, 5]',
    );
  });
});
