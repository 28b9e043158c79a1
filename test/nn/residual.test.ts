import { describe, expect, it } from 'vitest';
import { gradcheck, Random, ShapeError, uniform, zeros } from '../../src/index.js';
import { Linear, Residual, Sequential, Tanh } from '../../src/nn/index.js';
import { EXACT } from './golden.js';

describe('Residual', () => {
  const random = new Random(1);
  const layer = new Residual(new Sequential(new Linear(3, 3, { random, ...EXACT }), new Tanh()));

  it('adds what its layer computes to x', () => {
    const x = uniform([4, 3], random, -1, 1, EXACT);
    expect(layer.forward(x).value.data()).toEqual(x.add(layer.layer.forward(x).value).data());
    expect(gradcheck((v) => layer.forward(v), [x])).toBeLessThan(1e-8);
    expect([...layer.namedParameters().keys()]).toEqual(['layer.0.weight', 'layer.0.bias']);
  });

  it('refuses a layer that changes the shape, also where it would broadcast', () => {
    for (const outputs of [1, 2]) {
      const changing = new Residual(new Linear(3, outputs, { random }));
      expect(() => changing.forward(zeros([4, 3]))).toThrow(ShapeError);
      expect(() => changing.forward(zeros([4, 3]))).toThrow(`got [4, 3] → [4, ${outputs}]`);
    }
  });
});
