import { describe, expect, it } from 'vitest';
import {
  noGrad,
  normal,
  Random,
  scope,
  stack,
  tensor,
  uniform,
  type Variable,
  variable,
  zeros,
} from '../../src/index.js';
import { orthogonal, RNN, type RNNNonlinearity } from '../../src/nn/index.js';
import { goldenTensor } from '../golden/load.js';
import { assign, EXACT, expectGolden, golden, gradOf, lengthOf } from './golden.js';

/** A layer with the weights of a golden case. */
function restored(name: string, nonlinearity: RNNNonlinearity, level = 0, unrolled = false): RNN {
  const state = golden(name).state!;
  const layer = new RNN(level === 0 ? 4 : 5, 5, {
    random: new Random(1),
    nonlinearity,
    unrolled,
    ...EXACT,
  });
  assign(layer.weightIh, state[`weight_ih_l${level}`]);
  assign(layer.weightHh, state[`weight_hh_l${level}`]);
  layer.bias.assign(goldenTensor(state[`bias_ih_l${level}`]).add(goldenTensor(state[`bias_hh_l${level}`])));
  return layer;
}

describe.each([
  ['tanh', false],
  ['relu', false],
  ['tanh', true],
  ['relu', true],
] as const)('RNN with %s agrees with PyTorch, unrolled: %s', (nonlinearity, unrolled) => {
  const name = `rnn/${nonlinearity}`;
  const { inputs, outputs, grads } = golden(name);
  const cotangent = goldenTensor(inputs['cotangent.y']);
  const lastCotangent = goldenTensor(inputs['cotangent.h']).reshape([3, 5]);

  it('in outputs and in every gradient, of both biases ours', () => {
    const layer = restored(name, nonlinearity, 0, unrolled);
    const x = variable(goldenTensor(inputs.x));
    const result = layer.forward(x);
    expectGolden(result.output.value, outputs.y);
    expectGolden(result.last.value.reshape([1, 3, 5]), outputs.h);
    result.output.mul(cotangent).sum().add(result.last.mul(lastCotangent).sum()).backward();
    expectGolden(gradOf(x), grads.x);
    expectGolden(layer.weightIh.grad, grads.weight_ih_l0);
    expectGolden(layer.weightHh.grad, grads.weight_hh_l0);
    expectGolden(layer.bias.grad, grads.bias_ih_l0);
    expectGolden(layer.bias.grad, grads.bias_hh_l0);
  });

  it('with x a plain Tensor, and with a loss on single states', () => {
    const layer = restored(name, nonlinearity, 0, unrolled);
    const result = layer.forward(goldenTensor(inputs.x));
    const terms = Array.from({ length: result.steps }, (_, t) =>
      result.state(t).mul(cotangent.slice([[t, t + 1]]).reshape([3, 5])),
    );
    terms
      .reduce((all, term) => all.add(term))
      .add(result.last.mul(lastCotangent))
      .sum()
      .backward();
    expectGolden(layer.weightIh.grad, grads.weight_ih_l0);
    expectGolden(layer.weightHh.grad, grads.weight_hh_l0);
  });
});

it('two RNNs, one on the output of the other, agree with PyTorch', () => {
  const { inputs, outputs, grads } = golden('rnn/2layers');
  const layers = [restored('rnn/2layers', 'tanh'), restored('rnn/2layers', 'tanh', 1)];
  const x = variable(goldenTensor(inputs.x));
  const lower = layers[0].forward(x);
  const upper = layers[1].forward(lower.output);
  expectGolden(upper.output.value, outputs.y);
  const last = stack([lower.last, upper.last]).mul(goldenTensor(inputs['cotangent.h'])).sum();
  upper.output.mul(goldenTensor(inputs['cotangent.y'])).sum().add(last).backward();
  expectGolden(gradOf(x), grads.x);
  for (const [level, layer] of layers.entries()) {
    expectGolden(layer.weightIh.grad, grads[`weight_ih_l${level}`]);
    expectGolden(layer.weightHh.grad, grads[`weight_hh_l${level}`]);
    expectGolden(layer.bias.grad, grads[`bias_ih_l${level}`]);
    expectGolden(layer.bias.grad, grads[`bias_hh_l${level}`]);
  }
});

describe('the law of the identity network', () => {
  it.each([0.7, 1, 1.2])('‖∂L/∂h_t‖ grows by ρ = %f per step backwards, float32', (rho) => {
    const random = new Random(5);
    const layer = new RNN(1, 32, { random, nonlinearity: 'identity' });
    layer.weightHh.assign(orthogonal([32, 32], random, { gain: rho }));
    const result = layer.forward(normal([50, 8, 1], random));
    result.last.square().sum().backward();
    const norms = Array.from({ length: 50 }, (_, t) => lengthOf(result.stateGrad(t)!));
    for (let t = 1; t < 50; t++) {
      expect(Math.abs(norms[t - 1] / norms[t] / rho - 1)).toBeLessThan(1e-5);
    }
  });
});

describe('the recurrence as one op and unrolled cell by cell', () => {
  it.each(['tanh', 'relu', 'identity'] as const)(
    'agree in float32, %s: states, their gradients, all gradients',
    (nonlinearity) => {
      const x = normal([20, 5, 3], new Random(4));
      const [fused, cells] = [false, true].map((unrolled) => {
        const layer = new RNN(3, 7, { random: new Random(2), nonlinearity, unrolled });
        const result = layer.forward(x);
        result.last.square().sum().add(result.output.mean()).backward();
        const states = Array.from({ length: 20 }, (_, t) => [
          result.state(t).value,
          result.stateGrad(t)!,
        ]).flat();
        return [...states, ...layer.parameters().map(({ grad }) => grad!)].map((tensor) => tensor.data());
      });
      for (const [i, values] of fused.entries()) {
        const scale = Math.max(1, ...cells[i].map(Math.abs));
        for (const [k, value] of values.entries())
          expect(Math.abs(value - cells[i][k]) / scale).toBeLessThan(2e-6);
      }
    },
  );
});

describe.each([false, true])('RNN, unrolled: %s', (unrolled) => {
  const random = new Random(9);
  const layer = new RNN(2, 3, { random, unrolled, ...EXACT });
  const x = uniform([4, 2, 2], random, -1, 1, EXACT);

  it('starts from h0 and passes it a gradient: two halves equal the whole', () => {
    const whole = layer.forward(x);
    const first = layer.forward(x.slice([[0, 2]]));
    const h0 = variable(first.last.value);
    const second = layer.forward(x.slice([[2, 4]]), h0);
    expect(second.last.value.data()).toEqual(whole.last.value.data());
    whole.last.sum().backward();
    second.last.sum().backward();
    expect(gradOf(h0).data()).toEqual(whole.stateGrad(1)!.data());
  });

  it('gives the gradient of every state: null before backward, null or 0 where the loss does not look', () => {
    const result = layer.forward(x);
    expect(result.stateGrad(3)).toBeNull();
    result.state(2).sum().backward();
    expect(result.stateGrad(2)!.data()).toEqual(new Float64Array(6).fill(1));
    expect(result.stateGrad(3)?.data() ?? []).toEqual(unrolled ? [] : new Float64Array(6));
    expect(result.stateGrad(0)!.shape).toEqual([2, 3]);
  });

  it('derives output and states once, but anew when the first were made without recording', () => {
    const result = layer.forward(x);
    expect(noGrad(() => (unrolled ? result.output : result.state(1))).requiresGrad).toBe(false);
    expect(result.output.requiresGrad).toBe(true);
    expect(result.state(1).requiresGrad).toBe(true);
    expect(result.output).toBe(result.output);
    expect(noGrad(() => layer.forward(x)).output.requiresGrad).toBe(false);
  });

  it('survives its scope with states and gradients when returned from it', () => {
    const result = scope(() => {
      const inside = layer.forward(x);
      inside.last.sum().backward();
      return inside;
    });
    expect(result.last.value.data()).toEqual(layer.forward(x).last.value.data());
    expect(result.stateGrad(3)!.data()).toEqual(new Float64Array(6).fill(1));
  });

  it('refuses what does not fit', () => {
    expect(() => layer.forward(zeros([4, 2]))).toThrow('RNN: x must be [time, batch, 2]');
    expect(() => layer.forward(zeros([0, 2, 2]))).toThrow('at least one time step, got [0, 2, 2]');
    expect(() => layer.forward(zeros([4, 2, 3]))).toThrow('must be inputSize = 2, got [4, 2, 3]');
    expect(() => layer.forward(x, zeros([1, 3]))).toThrow(
      'h0 must be [batch, hiddenSize] = [2, 3], got [1, 3]',
    );
    expect(() => layer.forward(x).state(4)).toThrow('t must be an integer in 0 … 3, got 4');
    expect(() => layer.forward(x).state(-1)).toThrow('got -1');
    const gelu = 'gelu' as RNNNonlinearity;
    expect(() => new RNN(1, 1, { random, nonlinearity: gelu })).toThrow(
      "RNN: nonlinearity must be one of tanh, relu, identity, got 'gelu'",
    );
  });

  it('backpropagates through 10,000 steps', () => {
    const long = new RNN(1, 2, { random, ...EXACT });
    const result = long.forward(uniform([10_000, 1, 1], random, -1, 1, EXACT));
    result.last.sum().backward();
    expect(result.stateGrad(0)).not.toBeNull();
    expect(Number.isFinite(lengthOf(long.weightHh.grad!))).toBe(true);
  });
});

describe('the cost of backpropagation through time', () => {
  /** Numbers written by backward: what a rule allocates for T steps with x a Variable. */
  function elements(steps: number): number {
    const layer = new RNN(3, 4, { random: new Random(1), ...EXACT });
    const x: Variable = variable(uniform([steps, 2, 3], new Random(2), -1, 1, EXACT));
    const loss = layer.forward(x).output.square().sum();
    return allocated(() => loss.backward());
  }

  function allocated(run: () => void): number {
    const memory = tensor(0, EXACT).backend.memory;
    const allocate = memory.allocate;
    let total = 0;
    memory.allocate = (dtype, size, lifetime) => {
      total += size;
      return allocate(dtype, size, lifetime);
    };
    try {
      run();
    } finally {
      memory.allocate = allocate;
    }
    return total;
  }

  it('is linear in T', () => {
    const [short, long] = [elements(64), elements(128)];
    expect(long / short).toBeLessThan(2.01);
  });

  it('is linear in T where a loss looks at every state by itself', () => {
    const cost = (steps: number): number => {
      const layer = new RNN(3, 4, { random: new Random(1), ...EXACT });
      const result = layer.forward(uniform([steps, 2, 3], new Random(2), -1, 1, EXACT));
      const terms = Array.from({ length: steps }, (_, t) => result.state(t).square().sum());
      const loss = stack(terms).sum();
      return allocated(() => loss.backward());
    };
    expect(cost(128) / cost(64)).toBeLessThan(2.01);
  });
});
