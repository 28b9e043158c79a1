import { describe, expect, it } from 'vitest';
import { Parameter, Random, scope, type Tensor, tensor, zeros } from '../../src/index.js';
import {
  Embedding,
  fromPyTorch,
  GRU,
  LayerNorm,
  Linear,
  LSTM,
  Module,
  RecurrentStack,
  RNN,
  Sequential,
  Tanh,
} from '../../src/nn/index.js';
import { goldenTensor } from '../golden/load.js';
import { EXACT, expectGolden, golden } from './golden.js';

const random = new Random(1);

/** The state of a golden case: PyTorch's names. */
function stateOf(name: string): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(golden(name).state!).map(([key, value]) => [key, goldenTensor(value)]),
  );
}

/** PyTorch's names under which a tensor of one number each stands, numbered from 1. */
function numbered(...names: string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name, i) => [name, tensor([i + 1])]));
}

/** Which numbers came to stand where. */
function sums(tensors: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, value.item()]));
}

/** A model of parameters of one number each, with a part for each path. */
class Parts extends Module {
  readonly [field: string]: unknown;

  constructor(...paths: string[]) {
    super();
    const fields = new Map<string, string[]>();
    for (const path of paths) {
      const [head, ...rest] = path.split('.');
      fields.set(head, [...(fields.get(head) ?? []), rest.join('.')]);
    }
    for (const [field, below] of fields) {
      const value = below[0] === '' ? new Parameter(zeros([1])) : new Parts(...below);
      Object.assign(this, { [field]: value });
    }
  }
}

describe('fromPyTorch maps name by name', () => {
  it.each([
    ['rnn/tanh', () => new RNN(4, 5, { random, ...EXACT })],
    ['lstm', () => new LSTM(4, 5, { random, ...EXACT })],
    ['gru', () => new GRU(4, 5, { random, ...EXACT })],
    ['rnn/2layers', () => new RecurrentStack([4, 5].map((size) => new RNN(size, 5, { random, ...EXACT })))],
  ] as const)('%s, which then computes what PyTorch computes', (name, make) => {
    const { inputs, outputs } = golden(name);
    const layer = make();
    layer.loadStateDict(fromPyTorch(layer, stateOf(name)));
    expectGolden(layer.forward(goldenTensor(inputs.x)).output.value, outputs.y);
  });

  it('two biases into two, or their sum into one', () => {
    const halves = (owner: string) => ['ih', 'hh'].map((side) => `${owner}bias_${side}_l0`);
    const model = new Parts('gru.biasIh', 'gru.biasHh', 'lstm.bias');
    expect(sums(fromPyTorch(model, numbered(...halves('gru.'), ...halves('lstm.'))))).toEqual({
      'gru.biasIh': 1,
      'gru.biasHh': 2,
      'lstm.bias': 7,
    });
  });

  it('layers of a stack by number, more than nine of them', () => {
    const model = new Parts(...Array.from({ length: 12 }, (_, k) => `rnn.layers.${k}.weightHh`));
    const names = Array.from({ length: 12 }, (_, k) => `rnn.weight_hh_l${k}`);
    const found = sums(fromPyTorch(model, numbered(...names)));
    expect(Object.values(found)).toEqual(Array.from({ length: 12 }, (_, k) => k + 1));
  });

  it('snake case and camel case, numbered parts, whatever the order', () => {
    class Net extends Module {
      readonly tokenEmbedding = new Embedding(7, 3, { random });
      readonly body = new Sequential(new Linear(3, 4, { random }), new Tanh(), new LayerNorm(4));
      readonly out_proj = new Linear(4, 2, { random, bias: false });
    }
    const model = new Net();
    const state = {
      'out_proj.weight': zeros([2, 4]),
      'body.2.bias': zeros([4]),
      'body.2.weight': zeros([4]),
      'body.0.bias': zeros([4]),
      'body.0.weight': zeros([4, 3]),
      'token_embedding.weight': zeros([7, 3]),
    };
    const found = fromPyTorch(model, state);
    expect(Object.keys(found)).toEqual([...model.namedParameters().keys()]);
    expect(found['tokenEmbedding.weight']).toBe(state['token_embedding.weight']);
    model.loadStateDict(found);
    expect(new Set(model.out_proj.weight.value.data())).toEqual(new Set([0]));
  });

  it('in a scope as well: the sums outlive it', () => {
    const results: Record<string, Tensor>[] = [];
    scope(() => {
      results.push(fromPyTorch(new Parts('bias'), numbered('bias_ih_l0', 'bias_hh_l0')));
    });
    expect(results[0].bias.item()).toBe(3);
  });
});

describe('fromPyTorch says what does not fit', () => {
  const linear = new Linear(2, 2, { random });

  it('missing and unknown tensors, by name', () => {
    const state = { weight: zeros([2, 2]), 'head.bias': zeros([2]), num_batches_tracked: zeros([]) };
    expect(() => fromPyTorch(linear, state)).toThrow(
      "fromPyTorch: the tensors must fit the model, got nothing for 'bias'; unknown 'head.bias', 'num_batches_tracked'; build the model",
    );
  });

  it('half of a sum', () => {
    const model = new Parts('rnn.bias');
    expect(() => fromPyTorch(model, numbered('rnn.bias_hh_l0'))).toThrow(
      "nothing for 'rnn.bias' (with 'rnn.bias_ih_l0')",
    );
    expect(() => fromPyTorch(model, {})).toThrow("nothing for 'rnn.bias';");
  });

  it('layers and directions that the model does not have', () => {
    const model = new Parts('weightHh');
    const state = numbered('weight_hh_l0', 'weight_hh_l1', 'weight_hh_l0_reverse', 'weight_hr_l0');
    expect(() => fromPyTorch(model, state)).toThrow(
      "got unknown 'weight_hh_l1', 'weight_hh_l0_reverse', 'weight_hr_l0'; build",
    );
  });

  it('two tensors for one parameter', () => {
    const state = numbered('out_proj', 'outProj');
    expect(() => fromPyTorch(new Parts('outProj'), state)).toThrow("several tensors for 'outProj'");
    const three = numbered('bias_ih_l0', 'bias_hh_l0', 'bias');
    expect(() => fromPyTorch(new Parts('bias'), three)).toThrow("several tensors for 'bias'");
  });

  it('shapes when they are loaded, and nothing is changed', () => {
    const before = linear.weight.value.data();
    const state = fromPyTorch(linear, { weight: zeros([3, 2]), bias: zeros([2]) });
    expect(() => linear.loadStateDict(state)).toThrow("wrong shapes 'weight' [3, 2] for [2, 2]");
    expect(linear.weight.value.data()).toEqual(before);
  });
});
