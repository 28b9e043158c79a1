/** A guided tour, to be read from top to bottom: from one number to a network that learns. Nothing is hidden. */

import { describe, expect, it } from 'vitest';
import {
  add,
  defineOp,
  gradcheck,
  matmul,
  noGrad,
  Parameter,
  Random,
  scope,
  type Tensor,
  tensor,
  uniform,
  type Variable,
  variable,
  zeros,
} from '../src/index.js';

describe('1. Tensors: numbers with a shape', () => {
  it('come from nested arrays, and every method gives a new one', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(x.shape).toEqual([2, 3]);
    expect(x.mul(10).toArray()).toEqual([
      [10, 20, 30],
      [40, 50, 60],
    ]);
    expect(x.sum({ axis: 0 }).toArray()).toEqual([5, 7, 9]);
  });

  it('stretch to fit each other: a row of three meets a column of two', () => {
    const row = tensor([1, 2, 3]);
    const column = tensor([[10], [20]]);
    expect(row.add(column).toArray()).toEqual([
      [11, 12, 13],
      [21, 22, 23],
    ]);
  });

  it('multiply as matrices, and a transpose is only another way of looking', () => {
    const x = tensor([[1, 2]]);
    expect(x.matmul(x.T).toArray()).toEqual([[5]]);
    expect(x.T.matmul(x).toArray()).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });
});

describe('2. Variables: tensors that remember how they were computed', () => {
  it('d(x² + 3x)/dx = 2x + 3', () => {
    const x = variable(tensor(5));
    const y = x.square().add(x.mul(3));
    expect(y.item()).toBe(40);
    y.backward();
    expect(x.grad!.item()).toBe(13);
  });

  it('every step of the chain rule can be watched, from the result back to x', () => {
    const x = variable(tensor(2));
    const y = x.mul(3).square(); // (3x)²
    const steps: string[] = [];
    y.backward({ onNode: (node, grad) => steps.push(`${node.node?.op.name ?? 'x'}: ${grad.item()}`) });
    expect(steps).toEqual(['square: 1', 'mul: 12', 'x: 36']);
  });

  it('a value that is used twice gets both gradients, added', () => {
    const x = variable(tensor([1, 2]));
    x.mul(x).sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 4]);
  });

  it('a mistake is an error that says what to do, never a wrong number', () => {
    const x = variable(tensor([1, 2]));
    expect(() => x.mul(2).backward()).toThrow(
      'backward: a loss has one element, got shape [2]; reduce it, or pass { grad }',
    );
    expect(() => matmul(zeros([2, 3]), zeros([4, 5]))).toThrow(
      'matmul: inner dimensions must agree, got [2, 3] × [4, 5]',
    );
  });
});

describe('3. An op of your own', () => {
  // Forward and backward stand together; the sample says on which shapes the derivative is to be checked.
  const cube = defineOp<readonly [x: Tensor]>({
    name: 'cube',
    forward: ([x]) => x.mul(x).mul(x),
    backward: (grad, { inputs: [x] }) => [() => grad.mul(x.mul(x).mul(3))],
    samples: [{ shapes: [[2, 3]] }],
  });

  it('works like the others, and gradcheck proves it against differences', () => {
    const x = variable(tensor(2));
    cube(x).backward();
    expect(x.grad!.item()).toBe(12);
    const point = uniform([2, 3], new Random(1), -2, 2, { dtype: 'float64', backend: 'reference' });
    expect(gradcheck(cube, [point])).toBeLessThan(1e-8);
  });
});

describe('4. A loop in time: why gradients explode', () => {
  it('the gradient of the first state grows by ρ at every step', () => {
    const rho = 1.5;
    const first = variable(tensor([[1, -1]]));
    const w = tensor([
      [0, rho], // a rotation by a quarter turn, stretched by ρ
      [-rho, 0],
    ]);
    let h: Variable = first;
    for (let t = 0; t < 20; t++) h = matmul(h, w);
    h.sum().backward();
    const length = first.grad!.mul(first.grad!).sum().item() ** 0.5;
    expect(length / 2 ** 0.5 / rho ** 20).toBeCloseTo(1, 5);
  });
});

describe('5. Learning', () => {
  it('gradient descent by hand fits y = 2x₀ − x₁ + 0.5', () => {
    const random = new Random(7);
    const inputs = uniform([32, 2], random, -1, 1);
    const targets = noGrad(() => add(matmul(inputs, tensor([[2], [-1]])), 0.5).value);

    const weight = new Parameter(zeros([2, 1]), 'weight');
    const bias = new Parameter(zeros([1]), 'bias');
    const losses: number[] = [];

    for (let step = 0; step < 200; step++) {
      // Whatever the scope allocates is released at its end; parameters and their gradients live on.
      const loss = scope(() => {
        for (const parameter of [weight, bias]) parameter.grad = null;
        const error = matmul(inputs, weight).add(bias).sub(targets);
        const meanSquare = error.square().mean();
        meanSquare.backward();
        // Here, between backward and the step, is where clipping has its place.
        for (const parameter of [weight, bias]) {
          parameter.assign(parameter.value.sub(parameter.grad!.mul(0.3)));
        }
        return meanSquare.item();
      });
      losses.push(loss);
    }

    expect(losses[0]).toBeGreaterThan(1);
    expect(losses.at(-1)).toBeLessThan(1e-6);
    expect(
      weight.value
        .sub(tensor([[2], [-1]]))
        .unary('abs')
        .max()
        .item(),
    ).toBeLessThan(1e-3);
    expect(bias.value.item()).toBeCloseTo(0.5, 3);
  });
});
