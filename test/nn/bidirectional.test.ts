import { describe, expect, it } from 'vitest';
import {
  fromPyTorch,
  GRU,
  LSTM,
  type LSTMOutput,
  noGrad,
  Random,
  type RecurrentOutput,
  RNN,
  type Tensor,
  tensor,
  toPyTorch,
  variable,
  zeros,
} from '../../src/index.js';
import { type GoldenTensor, goldenTensor, loadGolden, worstError } from '../golden/load.js';

interface Case {
  readonly name: 'RNN' | 'LSTM' | 'GRU';
  readonly params: { readonly start: GoldenTensor; readonly cells: GoldenTensor };
  readonly state: Readonly<Record<string, GoldenTensor>>;
  readonly inputs: { readonly x: GoldenTensor };
  readonly outputs: Readonly<Record<'output' | 'last' | 'lastCell', GoldenTensor>>;
  readonly grads: { readonly x: GoldenTensor };
  readonly parameterGrads: Readonly<Record<string, GoldenTensor>>;
}

const { bidirectional } = loadGolden<{ bidirectional: readonly Case[] }>('modules');
const exact = { dtype: 'float64', backend: 'reference' } as const;
const random = new Random(1);
const layers = { RNN, LSTM, GRU };

/** [2, B, H], as PyTorch lays it out, with the directions side by side: [B, 2H]. */
function sideBySide(value: GoldenTensor): Tensor {
  const [, batch, hidden] = value.shape;
  return goldenTensor(value)
    .transpose([1, 0, 2])
    .reshape([batch, 2 * hidden]);
}

function expectNear(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  expect(worstError(got.data(), [...want.data()])).toBeLessThan(1e-9);
}

describe.each(bidirectional)(
  'a bidirectional $name',
  ({ name, params, state, inputs, outputs, grads, parameterGrads }) => {
    it.each([false, true])('agrees with PyTorch, under its names; unrolled: %s', (unrolled) => {
      const layer = new layers[name](3, 4, { random, unrolled, bidirectional: true, ...exact });
      const theirs = Object.fromEntries(
        Object.entries(state).map(([key, value]) => [key, goldenTensor(value)] as const),
      );
      layer.loadStateDict(fromPyTorch(layer, theirs));
      expect(Object.keys(toPyTorch(layer)).sort()).toEqual(Object.keys(state).sort());
      const x = variable(goldenTensor(inputs.x));
      const start = sideBySide(params.start);
      const made: RecurrentOutput =
        layer instanceof LSTM ? layer.forward(x, [start, sideBySide(params.cells)]) : layer.forward(x, start);
      expectNear(made.output.value, goldenTensor(outputs.output));
      expectNear(made.last.value, sideBySide(outputs.last));
      if (name === 'LSTM') expectNear((made as LSTMOutput).lastCell.value, sideBySide(outputs.lastCell));
      // The script weighs all elements of output, last states and last cells, in PyTorch's order.
      const parts = [made.output, made.last, ...(name === 'LSTM' ? [(made as LSTMOutput).lastCell] : [])];
      const total = parts.reduce((sum, { size }) => sum + size, 0);
      let at = 0;
      const losses = parts.map((part, i) => {
        const factors = tensor(
          Array.from({ length: part.size }, () => 0.5 + at++ / (total - 1)),
          { shape: [part.size], ...exact },
        );
        const [batch, width] = part.shape;
        const theirOrder = i === 0 ? part : part.reshape([batch, 2, width / 2]).transpose([1, 0, 2]);
        return theirOrder.reshape([part.size]).mul(factors).sum();
      });
      losses.reduce((sum, loss) => sum.add(loss)).backward();
      expectNear(x.grad!, goldenTensor(grads.x));
      const gradients = fromPyTorch(
        layer,
        Object.fromEntries(Object.entries(parameterGrads).map(([key, value]) => [key, goldenTensor(value)])),
      );
      for (const [parameter, value] of layer.namedParameters()) {
        // Our one bias has the gradient of each of PyTorch's two, of which fromPyTorch gives the sum.
        const isSum = /^bias(Reverse)?$/.test(parameter);
        expectNear(isSum ? value.grad!.mul(2) : value.grad!, gradients[parameter]);
      }
    });
  },
);

describe('both directions', () => {
  it('give states and their gradients step by step, and survive noGrad', () => {
    const layer = new GRU(2, 3, { random, bidirectional: true, ...exact });
    const x = variable(tensor([[[1, 2]], [[3, 4]]], exact));
    const made = layer.forward(x);
    expect(noGrad(() => made.output.requiresGrad)).toBe(false);
    expect(made.output.slice([[1, 2]]).value.toArray()).toEqual([made.state(1).value.toArray()]);
    expect([made.steps, made.last.shape, made.stateGrad(0)]).toEqual([2, [1, 6], null]);
    made.output.sum().backward();
    expect(made.stateGrad(1)!.shape).toEqual([1, 6]);
    // At the last step nothing comes from later ones forwards: the gradient is that of the sum.
    expect(made.stateGrad(1)!.toArray()).toEqual([expect.arrayContaining([1, 1, 1])]);
  });

  it('draws what PyTorch would draw second after the first direction', () => {
    const [one, both] = [{}, { bidirectional: true }].map(
      (o) => new RNN(2, 2, { random: new Random(4), ...o }),
    );
    expect(both.weightIh.value.toArray()).toEqual(one.weightIh.value.toArray());
    expect([...both.namedParameters().keys()]).toEqual([
      ...one.namedParameters().keys(),
      ...['weightIhReverse', 'weightHhReverse', 'biasReverse'],
    ]);
  });

  it('refuses a start for one direction alone', () => {
    const layer = new LSTM(2, 3, { random, bidirectional: true });
    expect(() => layer.forward(zeros([1, 1, 2]), [zeros([1, 3]), zeros([1, 3])])).toThrow(
      'LSTM: h0 must be [batch, 2 · hiddenSize], both directions side by side, here [batch, 6], got [1, 3]',
    );
  });

  it('a start that fits the steps says that x is batch-first', () => {
    const layer = new RNN(2, 3, { random });
    expect(() => layer.forward(zeros([5, 7, 2]), zeros([5, 3]))).toThrow(
      'RNN: h0 must be [batch, hiddenSize] = [7, 3], got [5, 3]; x must be [time, batch, …], write x.transpose([1, 0, 2])',
    );
  });
});
