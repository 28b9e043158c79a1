import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  noGrad,
  normal,
  Random,
  scope,
  type Tensor,
  type TensorOptions,
  tensor,
  uniform,
  variable,
  zeros,
} from '../../src/index.js';
import { LSTM, type LSTMOutput } from '../../src/nn/index.js';
import { goldenTensor } from '../golden/load.js';
import { expectAlike, expectGoldenRun, lossOn, numbersOf, PLACES } from './gated.js';
import { assign, EXACT, expectGolden, golden, gradOf } from './golden.js';

/** The layer of the golden case. */
function restored(unrolled: boolean): LSTM {
  const state = golden('lstm').state!;
  const layer = new LSTM(4, 5, { random: new Random(1), unrolled, ...EXACT });
  assign(layer.weightIh, state.weight_ih_l0);
  assign(layer.weightHh, state.weight_hh_l0);
  layer.bias.assign(goldenTensor(state.bias_ih_l0).add(goldenTensor(state.bias_hh_l0)));
  return layer;
}

/** All numbers of a run from given operands: states, last cells, gradients of states, weights, x, h0 and c0. */
function run(
  unrolled: boolean,
  hidden: number,
  place: TensorOptions,
  operands: readonly Tensor[],
  loss = (result: LSTMOutput) => lossOn(result, result.lastCell),
): Tensor[] {
  const [x, h0, c0] = operands.map((each) => variable(each));
  const layer = new LSTM(x.shape[2], hidden, { random: new Random(2), unrolled, ...place });
  const result = layer.forward(x, [h0, c0]);
  loss(result).backward();
  return [result.lastCell.value, ...numbersOf(result, layer, [x, h0, c0])];
}

/** x [T, B, I], h0 and c0 [B, H]. */
function operandsOf(
  steps: number,
  batch: number,
  inputs: number,
  hidden: number,
  place: TensorOptions,
): Tensor[] {
  const random = new Random(7);
  const state = [batch, hidden];
  return [[steps, batch, inputs], state, state].map((shape) => normal(shape, random, 0, 1, place));
}

it('does not take states without cells for no start at all', () => {
  const alone = zeros([2, 5]) as never;
  expect(() => new LSTM(4, 5, { random: new Random(1) }).forward(zeros([1, 2, 4]), alone)).toThrow(
    'LSTM: the start must be [h0, c0], got a Tensor alone',
  );
});

describe.each(PLACES)('LSTM as one op and unrolled cell by cell, %s', (_, place) => {
  it.each([
    [20, 5, 3, 7],
    [1, 1, 1, 1],
    [1, 3, 2, 4],
    [6, 1, 2, 9],
  ])('agree to float32 rounding: T %i, B %i, I %i, H %i', (steps, batch, inputs, hidden) => {
    const operands = operandsOf(steps, batch, inputs, hidden, place);
    expectAlike(run(false, hidden, place, operands), run(true, hidden, place, operands), 4e-6);
  });

  it('pass the same NaN and infinities', () => {
    const special = fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e30, -1e30, 0);
    const operand = fc.integer({ min: 0, max: 2 });
    const planted = fc.array(fc.tuple(operand, fc.nat(), special), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(planted, fc.integer({ min: 1, max: 3 }), (plants, hidden) => {
        const numbers = operandsOf(4, 2, 3, hidden, place).map((x) => ({ data: x.data(), shape: x.shape }));
        for (const [k, at, value] of plants) numbers[k].data[at % numbers[k].data.length] = value;
        const operands = numbers.map(({ data, shape }) => tensor(data, { ...place, shape }));
        // Looks at one part only: where several are added, an infinite gradient depends on the order.
        const loss = ({ output }: LSTMOutput) => output.square().sum();
        const [got, want] = [false, true].map((unrolled) => run(unrolled, hidden, place, operands, loss));
        expectAlike(got, want, 4e-6);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

describe.each([false, true])('LSTM, unrolled: %s', (unrolled) => {
  const random = new Random(9);
  const layer = new LSTM(2, 3, { random, unrolled, ...EXACT });
  const x = uniform([4, 2, 2], random, -1, 1, EXACT);

  it('agrees with PyTorch in outputs and in every gradient, of both biases ours', () => {
    const { inputs, grads } = golden('lstm');
    const known = restored(unrolled);
    const input = variable(goldenTensor(inputs.x));
    expectGoldenRun('lstm', known.forward(input), input);
    expectGolden(known.weightIh.grad, grads.weight_ih_l0);
    expectGolden(known.weightHh.grad, grads.weight_hh_l0);
    expectGolden(known.bias.grad, grads.bias_ih_l0);
    expectGolden(known.bias.grad, grads.bias_hh_l0);
  });

  it('starts from states and cells and passes both a gradient: two halves equal the whole', () => {
    const whole = layer.forward(x);
    const first = layer.forward(x.slice([[0, 2]]));
    const [h0, c0] = [variable(first.last.value), variable(first.lastCell.value)];
    const second = layer.forward(x.slice([[2, 4]]), [h0, c0]);
    expect(second.last.value.data()).toEqual(whole.last.value.data());
    expect(second.lastCell.value.data()).toEqual(whole.lastCell.value.data());

    whole.last.sum().add(whole.lastCell.square().sum()).backward();
    const want = layer.weightHh.grad!.data();
    layer.weightHh.grad = null;
    second.last.sum().add(second.lastCell.square().sum()).backward();
    expectAlike([gradOf(h0)], [whole.stateGrad(1)!], 1e-14);
    first.last.backward({ grad: gradOf(h0) });
    const halves = layer.forward(x.slice([[0, 2]]));
    halves.lastCell.backward({ grad: gradOf(c0) });
    expectAlike([layer.weightHh.grad!], [tensor(want, { ...EXACT, shape: [12, 3] })], 1e-14);
    layer.weightHh.grad = null;
  });

  it('starts from zeros unless told', () => {
    const none = zeros([2, 3], EXACT);
    const told = layer.forward(x, [none, none]);
    expect(layer.forward(x).lastCell.value.data()).toEqual(told.lastCell.value.data());
  });

  it('records nothing in noGrad', () => {
    const result = noGrad(() => layer.forward(x));
    expect([result.output, result.last, result.lastCell].map((y) => y.requiresGrad)).toEqual([
      false,
      false,
      false,
    ]);
    expect(result.output.value.data()).toEqual(layer.forward(x).output.value.data());
  });

  it('survives its scope with states, cells and gradients when returned from it', () => {
    const result = scope(() => {
      const inside = layer.forward(x);
      inside.last.sum().backward();
      return inside;
    });
    expect(result.lastCell.value.data()).toEqual(layer.forward(x).lastCell.value.data());
    expect(result.stateGrad(3)!.data()).toEqual(new Float64Array(6).fill(1));
    expect([result.steps, result.state(3)]).toEqual([4, result.last]);
  });

  it('refuses what does not fit', () => {
    const state = zeros([2, 3], EXACT);
    const narrow = zeros([2, 2], EXACT);
    expect(() => layer.forward(zeros([4, 2], EXACT))).toThrow('LSTM: x must be [time, batch, 2]');
    expect(() => layer.forward(zeros([4, 2, 3], EXACT))).toThrow(
      'LSTM: the last axis of x must be inputSize = 2',
    );
    expect(() => layer.forward(x, [narrow, state])).toThrow(
      'LSTM: h0 must be [batch, hiddenSize] = [2, 3], got [2, 2]',
    );
    expect(() => layer.forward(x, [state, narrow])).toThrow(
      'LSTM: c0 must be [batch, hiddenSize] = [2, 3], got [2, 2]',
    );
    expect(() => layer.forward(x, [state, zeros([2, 3])])).toThrow('operands must share dtype and backend');
    expect(() => new LSTM(0, 1, { random })).toThrow('LSTM: inputSize must be an integer ≥ 1, got 0');
  });
});

it('the LSTM of PyTorch’s values agrees with itself in float32 on simd', () => {
  const exact = restored(false);
  const single = new LSTM(4, 5, { random: new Random(1), backend: 'simd' });
  single.loadStateDict(exact.stateDict());
  const numbers = goldenTensor(golden('lstm').inputs.x);
  const [got, want] = [single, exact].map((layer) => {
    const { dtype, backend } = layer.weightIh.value;
    const x = variable(numbers.to(dtype, backend));
    const result = layer.forward(x);
    lossOn(result).backward();
    return numbersOf(result, layer, [x]);
  });
  expectAlike(got, want, 1e-6);
});

describe('LSTM parameters', () => {
  it('have PyTorch’s shapes and start uniform in ±1/√H', () => {
    const layer = new LSTM(3, 25, { random: new Random(4) });
    const shapes = [...layer.namedParameters()].map(([name, { shape }]) => [name, ...shape]);
    expect(shapes).toEqual([
      ['weightIh', 100, 3],
      ['weightHh', 100, 25],
      ['bias', 100],
    ]);
    const most = Math.max(...layer.parameters().flatMap(({ value }) => [...value.data()].map(Math.abs)));
    expect(most).toBeGreaterThan(0.199);
    expect(most).toBeLessThanOrEqual(Math.fround(0.2));
  });
});
