import { describe, expect, it } from 'vitest';
import { Random, scope, stack, type Tensor, uniform, variable, zeros } from '../../src/index.js';
import { Dropout, GRU, LSTM, RecurrentStack, RNN } from '../../src/nn/index.js';
import { goldenTensor } from '../golden/load.js';
import { assign, EXACT, expectGolden, golden, gradOf } from './golden.js';

const random = new Random(3);
const options = { random, ...EXACT };
const x = uniform([4, 2, 3], random, -1, 1, EXACT);

describe('RecurrentStack', () => {
  it('agrees with PyTorch: two RNN layers, outputs and every gradient', () => {
    const { state, inputs, outputs, grads } = golden('rnn/2layers');
    const model = new RecurrentStack([new RNN(4, 5, options), new RNN(5, 5, options)]);
    for (const [level, layer] of model.layers.entries()) {
      assign(layer.weightIh, state![`weight_ih_l${level}`]);
      assign(layer.weightHh, state![`weight_hh_l${level}`]);
      const [ours, theirs] = ['ih', 'hh'].map((side) => goldenTensor(state![`bias_${side}_l${level}`]));
      layer.bias.assign(ours.add(theirs));
    }
    const input = variable(goldenTensor(inputs.x));
    const result = model.forward(input);
    const last = stack(result.layers.map((layer) => layer.last));
    expectGolden(result.output.value, outputs.y);
    expectGolden(last.value, outputs.h);
    const seen = result.output.mul(goldenTensor(inputs['cotangent.y'])).sum();
    seen.add(last.mul(goldenTensor(inputs['cotangent.h'])).sum()).backward();
    expectGolden(gradOf(input), grads.x);
    for (const [level, layer] of model.layers.entries()) {
      expectGolden(layer.weightIh.grad, grads[`weight_ih_l${level}`]);
      expectGolden(layer.weightHh.grad, grads[`weight_hh_l${level}`]);
      expectGolden(layer.bias.grad, grads[`bias_ih_l${level}`]);
      expectGolden(layer.bias.grad, grads[`bias_hh_l${level}`]);
    }
  });

  it('takes cells of any kinds, and another stack; parameters are named by position', () => {
    const inner = new RecurrentStack([new RNN(2, 2, options)]);
    const model = new RecurrentStack([new LSTM(3, 4, options), new GRU(4, 2, options), inner]);
    const result = model.forward(x);
    expect(result.output.shape).toEqual([4, 2, 2]);
    expect(result.layers[0].lastCell.shape).toEqual([2, 4]);
    expect(result.layers[2].layers[0].last).toBe(result.last);
    expect([...model.namedParameters().keys()]).toEqual([
      'layers.0.weightIh',
      'layers.0.weightHh',
      'layers.0.bias',
      'layers.1.weightIh',
      'layers.1.weightHh',
      'layers.1.biasIh',
      'layers.1.biasHh',
      'layers.2.layers.0.weightIh',
      'layers.2.layers.0.weightHh',
      'layers.2.layers.0.bias',
    ]);
  });

  it('goes on from where every layer ended: two halves equal the whole', () => {
    const model = new RecurrentStack([new LSTM(3, 4, options), new RNN(4, 2, options)]);
    const [lstm, rnn] = model.forward(x.slice([[0, 2]])).layers;
    const rest = model.forward(x.slice([[2, 4]]), [[lstm.last, lstm.lastCell], rnn.last]);
    const whole = model.forward(x);
    expect(rest.last.value.data()).toEqual(whole.last.value.data());
    expect(rest.layers[0].lastCell.value.data()).toEqual(whole.layers[0].lastCell.value.data());
    expect(model.forward(x, [undefined, undefined]).last.value.data()).toEqual(whole.last.value.data());
  });

  it('shows the states of the top layer and their gradients, after its scope too', () => {
    const model = new RecurrentStack([new GRU(3, 4, options), new GRU(4, 2, options)]);
    const result = scope(() => {
      const inside = model.forward(x);
      inside.last.sum().backward();
      return inside;
    });
    expect(result.steps).toBe(4);
    expect(result.state(3)).toBe(result.last);
    expect(result.stateGrad(3)!.data()).toEqual(new Float64Array(4).fill(1));
    expect(result.layers[0].stateGrad(3)!.shape).toEqual([2, 4]);
    expect(result.last.value.data()).toEqual(model.forward(x).last.value.data());
  });

  it('refuses no layers, and starts that are not one for each', () => {
    expect(() => new RecurrentStack([])).toThrow('RecurrentStack: needs at least one layer, got none');
    const model = new RecurrentStack([new RNN(3, 2, options), new RNN(2, 2, options)]);
    const starts = [zeros([2, 2], EXACT)] as unknown as [Tensor, Tensor];
    expect(() => model.forward(x, starts)).toThrow('one entry for each of 2 layers, got 1');
    const apart = new RecurrentStack([new RNN(3, 2, options), new RNN(3, 2, options)]);
    expect(() => apart.forward(x)).toThrow('RNN: the last axis of x must be inputSize = 3, got [4, 2, 2]');
  });
});

describe('dropout in a stack', () => {
  const layers = [new RNN(3, 6, options), new GRU(6, 6, options), new RNN(6, 5, options)] as const;
  const run = (p: number, training: boolean) => {
    const model = new RecurrentStack(layers, { dropout: new Dropout(p, { random: new Random(8) }) });
    return model.train(training).forward(x);
  };

  it('falls between layers in training, nowhere above the last', () => {
    const dropout = new Dropout(0.5, { random: new Random(8) });
    const first = layers[0].forward(x).output;
    const second = layers[1].forward(dropout.forward(first)).output;
    const third = layers[2].forward(dropout.forward(second)).output;
    const result = run(0.5, true);
    expect(result.output.value.data()).toEqual(third.value.data());
    expect(result.layers[1].output.value.data()).toEqual(second.value.data());
    expect(result.output.value.data().every((value) => value !== 0)).toBe(true);
  });

  it('does nothing in evaluation', () => {
    const plain = new RecurrentStack(layers).forward(x).output.value.data();
    expect(run(0.5, false).output.value.data()).toEqual(plain);
    expect(run(0.5, true).output.value.data()).not.toEqual(plain);
  });
});
