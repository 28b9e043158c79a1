import { describe, expect, it } from 'vitest';
import {
  gelu,
  leakyRelu,
  logSoftmax,
  logSumExp,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  type Tensor,
  tanh,
  tensor,
  variable,
} from '../../../src/index.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe.each(['float32', 'float64'] as const)('activations in %s', (dtype) => {
  const make = (values: Parameters<typeof tensor>[0]): Tensor =>
    tensor(values, { dtype, backend: 'reference' });

  it('let NaN through, never hide it', () => {
    for (const op of [tanh, sigmoid, relu, leakyRelu, softplus, silu, gelu]) {
      expect(op(make([nan])).value.toArray(), op.rule.name).toEqual([nan]);
    }
    for (const op of [softmax, logSoftmax]) expect(op(make([1, nan])).value.toArray()).toEqual([nan, nan]);
    expect(logSumExp(make([1, nan])).value.toArray()).toBe(nan);
  });

  it('saturate where they should at ±∞ and far out', () => {
    const far = make([-inf, -1000, 1000, inf]);
    expect(tanh(far).value.toArray()).toEqual([-1, -1, 1, 1]);
    expect(sigmoid(far).value.toArray()).toEqual([0, 0, 1, 1]);
    expect(relu(far).value.toArray()).toEqual([0, 0, 1000, inf]);
    expect(softplus(far).value.toArray()).toEqual([0, 0, 1000, inf]);
    expect(leakyRelu(far, { negativeSlope: 0.5 }).value.toArray()).toEqual([-inf, -500, 1000, inf]);
  });

  it('pass an infinite gradient on as infinite, and to a unit that is off as 0, never as NaN', () => {
    const gradOf = (op: typeof tanh, x: number): number => {
      const leaf = variable(make([x]));
      op(leaf).backward({ grad: make([inf]) });
      return leaf.grad!.item();
    };
    expect([gradOf(relu, 1), gradOf(relu, -1)]).toEqual([inf, 0]);
    expect([gradOf(tanh, 0.5), gradOf(sigmoid, 0.5)]).toEqual([inf, inf]);
    expect([gradOf(leakyRelu, 1), gradOf(leakyRelu, -1)]).toEqual([inf, inf]);
  });

  it('relu has derivative 0 at 0', () => {
    const x = variable(make([-1, 0, 1]));
    relu(x).sum().backward();
    expect(x.grad!.toArray()).toEqual([0, 0, 1]);
  });

  it('softmax and its logarithm do not overflow, and take masks of −∞', () => {
    expect(softmax(make([1000, 1000])).value.toArray()).toEqual([0.5, 0.5]);
    expect(softmax(make([0, -inf])).value.toArray()).toEqual([1, 0]);
    expect(logSoftmax(make([0, -inf])).value.toArray()).toEqual([0, -inf]);
    const far = logSoftmax(make([0, 1000])).value.toArray() as number[];
    expect(far).toEqual([-1000, 0]);
  });

  it('logSumExp of nothing but −∞ is −∞, and of ∞ is ∞', () => {
    const x = make([
      [-inf, -inf],
      [0, -inf],
      [inf, 1],
    ]);
    expect(logSumExp(x).value.toArray()).toEqual([-inf, 0, inf]);
    expect(logSumExp(x, { axis: 0 }).shape).toEqual([2]);
  });

  it('axes are checked by name', () => {
    expect(() => softmax(make([1]), { axis: 1 })).toThrow('axis must be an integer in -1 … 0, got 1');
    expect(() => logSumExp(make(1))).toThrow('a scalar has no axes, got axis -1');
  });
});

describe.each(['reference', 'simd'])('relu on %s', (backend) => {
  it('passes the gradient of a NaN on, as PyTorch does, and that of 0 and below not', () => {
    const x = variable(tensor([Number.NaN, 1, 0, -1, Infinity], { backend }));
    x.relu().sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 1, 0, 0, 1]);
  });
});
