/** A frozen parameter takes no part in a backward pass, in a norm or in an update. */

import { describe, expect, it } from 'vitest';
import {
  Adam,
  clipByGlobalNorm,
  defineOp,
  Linear,
  matmul,
  Parameter,
  Random,
  Sequential,
  SGD,
  Tanh,
  type Tensor,
  tensor,
  totalNorm,
  uniform,
  type Variable,
  variable,
} from '../../src/index.js';

const random = new Random(1);
const make = () => new Sequential(new Linear(2, 3, { random }), new Tanh(), new Linear(3, 1, { random }));
const x = uniform([4, 2], random, -1, 1);
const valuesOf = (parameters: readonly Parameter[]) => parameters.map(({ value }) => value.data());

describe('a frozen parameter', () => {
  it('gets no gradient, and its rule is not even called', () => {
    const called: string[] = [];
    const product = defineOp<readonly [a: Tensor, b: Tensor]>({
      name: 'product',
      forward: ([a, b]) => a.mul(b),
      backward: (grad, { inputs: [a, b] }) => [
        () => {
          called.push('a');
          return grad.mul(b);
        },
        () => {
          called.push('b');
          return grad.mul(a);
        },
      ],
      samples: [{ shapes: [[1], [1]] }],
    });
    const [a, b] = [new Parameter(tensor([2])), new Parameter(tensor([3]))];
    a.requiresGrad = false;
    product(a, b).sum().backward();
    expect([a.grad, b.grad!.item(), called]).toEqual([null, 2, ['b']]);
    const loss = product(a, b).sum();
    b.requiresGrad = false; // frozen after the forward pass
    loss.backward();
    expect([a.grad, b.grad]).toEqual([null, null]);
    expect(product(a, b).requiresGrad).toBe(false);
  });

  it('loses the gradient that it has, and takes none', () => {
    const w = new Parameter(tensor([1, 2]), 'w');
    w.grad = tensor([3, 4]);
    w.requiresGrad = false;
    expect(w.grad).toBeNull();
    const message = "Parameter.grad: 'w' is frozen and takes no gradient; set requiresGrad = true first";
    expect(() => {
      w.grad = tensor([1, 1]);
    }).toThrow(message);
    expect(() => w.accumulateGrad(tensor([1, 1]))).toThrow(message);
    w.requiresGrad = true;
    w.mul(2).sum().backward();
    expect(w.grad!.toArray()).toEqual([2, 2]);
  });

  it.each([
    [
      'SGD',
      (p: Parameter[]) =>
        new SGD(p, { lr: 0.1, momentum: 0.9, weightDecay: 0.1, hooks: [clipByGlobalNorm(0.01)] }),
    ],
    ['Adam', (p: Parameter[]) => new Adam(p, { lr: 0.1, weightDecay: 0.1, hooks: [clipByGlobalNorm(0.01)] })],
  ] as const)('is not moved by %s, nor counted in its norm', async (_, optimizerOf) => {
    const [model, alone] = [make(), make()];
    alone.loadStateDict(model.stateDict());
    const [below, , above] = [model, alone].map(({ layers }) => layers)[0];
    below.freeze();
    const optimizer = optimizerOf(model.parameters());
    const other = optimizerOf(alone.layers[2].parameters());
    const before = valuesOf(below.parameters());
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      other.zeroGrad();
      model.forward(x).square().mean().backward();
      alone.layers[0].freeze();
      alone.forward(x).square().mean().backward();
      const norm = await totalNorm(above.parameters());
      const [report, expected] = [await optimizer.step(), await other.step()];
      expect(report.normBefore).toBe(expected.normBefore);
      expect(report.normBefore / norm).toBeCloseTo(1, 6);
    }
    expect(valuesOf(below.parameters())).toEqual(before);
    expect(valuesOf(above.parameters())).toEqual(valuesOf(alone.layers[2].parameters()));
  });
});

describe('Module.freeze', () => {
  it('freezes every parameter below, and unfreeze undoes it', () => {
    const model = make();
    expect(model.freeze()).toBe(model);
    expect(model.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, false, false, false]);
    expect(model.forward(x).requiresGrad).toBe(false);
    model.unfreeze().forward(x).sum().backward();
    expect(model.parameters().every(({ grad }) => grad !== null)).toBe(true);
  });

  it('lets a gradient through to what lies below', () => {
    const model = make();
    const input: Variable = variable(x);
    model.freeze().forward(input).sum().backward();
    expect(input.grad!.shape).toEqual([4, 2]);
    expect(model.parameters().map(({ grad }) => grad)).toEqual([null, null, null, null]);
  });
});

it('only leaves can be frozen, by true or false', () => {
  const w = new Parameter(tensor([[1]]));
  const y = matmul(tensor([[2]]), w);
  expect(() => {
    y.requiresGrad = false;
  }).toThrow("Variable.requiresGrad: can be set on leaves only, got the output of 'matmul'; use detach()");
  expect(() => {
    w.requiresGrad = 0 as unknown as boolean;
  }).toThrow('Variable.requiresGrad: must be true or false, got 0');
});
